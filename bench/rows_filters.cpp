/// What payload filters add to a publication.

#include <host.hpp>
#include <measure.hpp>
#include <string>

namespace bench {
namespace {

using namespace webhooks;

constexpr int filters = 1000;

/// 1 KiB, which no filter of these lets through.
std::string order() {
    std::string payload = R"({"total":99.5,"currency":"EUR","isPaid":false,"items":[)";
    for (int i = 0; i < 20; ++i) {
        payload += (i > 0 ? "," : "") + std::string(R"({"sku":"mug-)") + std::to_string(i) +
                   R"(","quantity":)" + std::to_string(i) + "}";
    }
    return payload + R"(],"customer":{"name":"Example","country":"DE","note":")" +
           std::string(200, 'x') + R"("}})";
}

/// Distinct, of the usual kinds: most look at two members, some at every item.
std::string filter(int number) {
    const std::string text = std::to_string(number);
    switch (number % 4) {
        case 0:
            return "payload/total ge " + std::to_string(1000 + number) +
                   " and payload/currency eq 'EUR'";
        case 1:
            return "payload/customer/country in ('AT','CH') or payload/total gt 1e" +
                   std::to_string(number + 2);
        case 2:
            return "startswith(payload/customer/name,'" + text + "') and not payload/isPaid";
        default:
            return "payload/items/any(i: i/sku eq 'lamp-" + text + "' and i/quantity gt 1)";
    }
}

WebhookService open(bool has_filters) {
    WebhookService service = WebhookService::open({.storage = make_memory_storage(),
                                                   .transport = make_http_transport().value()})
                                 .value();
    service.register_event_type({.name = "order.created", .description = ""}).value();
    for (int i = 0; i < (has_filters ? filters : 0); ++i) {
        service
            .create_subscription(Principal::user("u"), {.name = "s",
                                                        .event_type = "order.*",
                                                        .filter = filter(i),
                                                        .url = "https://example.com/"})
            .value();
    }
    return service;
}

double publish_us(bool has_filters, const std::string& payload) {
    WebhookService service = open(has_filters);
    return median_us([&] {
        const auto receipt = service.publish(Principal::user("u"),
                                             {.event_type = "order.created", .payload = payload});
        if (!receipt.value().event_ids.empty()) throw std::runtime_error("a filter matched");
    });
}

Figures measure_filters(const Bench&) {
    const std::string payload = order();
    const double plain = publish_us(false, payload);
    return {{"filters_ms", (publish_us(true, payload) - plain) / 1000}, {"plain_us", plain}};
}

}  // namespace

void add_filter_rows(Rows& rows) {
    rows.push_back({.name = "filters",
                    .what = "what 1,000 distinct payload filters, none of which matches, add to a "
                            "publication of 1 KiB; and the same without subscriptions",
                    .measure = measure_filters,
                    .targets = {{.figure = "filters_ms", .bar = 4, .aim = 2, .is_at_most = true}}});
}

}  // namespace bench
