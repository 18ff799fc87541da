#include "metrics.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "../ascii.hpp"

namespace webhooks::http {
namespace {

enum Metric : std::size_t { requests, request_duration };

constexpr std::size_t code_classes = 4;  // 2xx .. 5xx

std::vector<MetricDescription> descriptions() {
    MetricLabel ids{"operation", {}};
    for (const Operation& operation : operations()) {
        ids.values.emplace_back(operation.id);
    }
    ids.values.emplace_back("unknown");
    return {{.name = "webhooks_http_requests",
             .help = "Requests to the REST API that were answered.",
             .labels = {std::move(ids), {"code", {"2xx", "3xx", "4xx", "5xx"}}}},
            {.name = "webhooks_http_request_duration_seconds",
             .help = "From the head of a request to the REST API until its answer.",
             .type = MetricType::histogram,
             .labels = {{"kind", {"publish", "read", "write"}}},
             .bounds = {500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000,
                        1'000'000, 5'000'000, 30'000'000, 300'000'000},
             .per_unit = 1'000'000}};
}

std::size_t place_of_kind(const Operation* operation) {
    if (!operation) return 1;
    if (operation->action == Action::publish) return 0;
    return operation->method == "GET" ? 1 : 2;
}

/// The weight of a media range; 1 by default.
double weight_of(std::string_view range) {
    double weight = 1;
    for_each_part(range, ';', [&](std::string_view part) {
        if (!part.starts_with("q=") && !part.starts_with("Q=")) return;
        part.remove_prefix(2);
        double given = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), given);
        if (error == std::errc() && end == part.data() + part.size()) weight = given;
    });
    return weight;
}

}  // namespace

ApiMetrics::ApiMetrics() : set_(descriptions()) {}

void ApiMetrics::count(const Operation* operation, int status,
                       std::chrono::steady_clock::duration duration) noexcept {
    const auto table = operations();
    const std::size_t row =
        operation ? static_cast<std::size_t>(operation - table.data()) : table.size();
    const auto code = static_cast<std::size_t>(std::clamp(status / 100, 2, 5) - 2);
    set_.add(requests, row * code_classes + code);
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    set_.observe(request_duration, place_of_kind(operation),
                 static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0)));
}

MetricsFormat choose_format(std::string_view accept) {
    double of_open_metrics = 0;
    double of_text = 0;
    for_each_part(accept, ',', [&](std::string_view range) {
        const std::string_view type = trim(range.substr(0, range.find(';')));
        if (iequals(type, "application/openmetrics-text")) {
            of_open_metrics = std::max(of_open_metrics, weight_of(range));
        } else if (iequals(type, "text/plain") || type == "text/*") {
            of_text = std::max(of_text, weight_of(range));
        }
    });
    const bool is_preferred = of_open_metrics > 0 && of_open_metrics >= of_text;
    return is_preferred ? MetricsFormat::open_metrics : MetricsFormat::prometheus;
}

Result<Response> get_metrics(WebhookService& service, const Call& call) {
    Result<std::vector<MetricFamily>> families = service.metrics(call.caller);
    if (!families) return families.error();
    for (auto more : {call.metrics.collect(), process_metrics()}) {
        families->insert(families->end(), more.begin(), more.end());
    }
    const MetricsFormat format = choose_format(find_field(call.fields, "accept"));
    return Response{.status = 200,
                    .fields = {{"Content-Type", content_type_of(format)}},
                    .body = format_metrics(*families, format)};
}

}  // namespace webhooks::http
