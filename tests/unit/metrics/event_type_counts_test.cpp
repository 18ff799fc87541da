#include <algorithm>
#include <metrics/event_type_counts.hpp>
#include <string>
#include <support/catch.hpp>

using namespace webhooks;

TEST_CASE("attempts are counted by event type, the first 50 apart from all others") {
    metrics::EventTypeCounts counts;
    for (int i = 0; i < 60; ++i) {
        const std::string type = "type." + std::to_string(i);
        counts.add(type, Outcome::delivered);
        counts.add(type, Outcome::retry);
    }
    counts.add("type.0", Outcome::delivered);
    const MetricFamily family = counts.collect();
    REQUIRE(family.samples.size() == 51 * 5);
    const auto value = [&](const std::string& type, const std::string& outcome) {
        const auto found = std::ranges::find_if(family.samples, [&](const MetricSample& sample) {
            return sample.labels[0].second == type && sample.labels[1].second == outcome;
        });
        return found == family.samples.end() ? -1 : found->value;
    };
    CHECK(value("type.0", "delivered") == 2);
    CHECK(value("type.49", "retry") == 1);
    CHECK(value("type.50", "retry") == -1);
    CHECK(value("other", "retry") == 10);
    CHECK(value("other", "exhausted") == 0);
}
