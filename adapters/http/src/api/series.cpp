#include <algorithm>
#include <array>
#include <webhooks/webhook_service.hpp>

#include "answers.hpp"
#include "documents.hpp"
#include "object_reader.hpp"
#include "operations.hpp"
#include "query.hpp"

namespace webhooks::http {
namespace {

struct Step {
    std::string_view name;
    std::chrono::seconds length;
};
constexpr std::array<Step, 3> steps = {{{"5m", std::chrono::minutes(5)},
                                        {"1h", std::chrono::hours(1)},
                                        {"1d", std::chrono::hours(24)}}};

SeriesQuery read_series_query(const QueryParameters& parameters, FieldErrors& errors) {
    reject_empty(parameters, {"from", "to", "step", "userId"}, errors);
    SeriesQuery query{.from = find_time(parameters, "from", errors),
                      .to = find_time(parameters, "to", errors)};
    const auto step = parameters.find("step", "", errors);
    if (!step) return query;
    const auto known = std::ranges::find(steps, *step, &Step::name);
    if (known == steps.end()) {
        errors.push_back({"step", "must be 5m, 1h or 1d"});
    } else {
        query.step = known->length;
    }
    return query;
}

Result<Response> answer(const Result<DeliverySeries>& series) {
    if (!series) return series.error();
    json::Writer writer;
    write(writer.begin_object().key("series"), *series);
    return success(writer, std::to_string(series->buckets.size()) + " buckets.");
}

}  // namespace

Result<Response> get_series(WebhookService& service, const Call& call) {
    FieldErrors errors;
    const SeriesQuery query = read_series_query(QueryParameters(call.query), errors);
    if (!errors.empty()) return Error(std::move(errors));
    return answer(service.series(call.caller, call.subscription, query));
}

Result<Response> get_all_series(WebhookService& service, const Call& call) {
    FieldErrors errors;
    const QueryParameters parameters(call.query);
    const SeriesQuery query = read_series_query(parameters, errors);
    const auto user = parameters.find("userId", "", errors);
    if (!errors.empty()) return Error(std::move(errors));
    return answer(service.all_series(call.caller, query, user));
}

}  // namespace webhooks::http
