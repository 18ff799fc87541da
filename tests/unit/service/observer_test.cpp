#include <set>
#include <string>
#include <support/catch.hpp>
#include <webhooks/observer.hpp>

namespace webhooks {

TEST_CASE("each log event has a name of its own, which is the enumerator's") {
    std::set<std::string_view> names;
    const int last = static_cast<int>(LogEvent::filters_unjudged);
    for (int i = 0; i <= last; ++i) {
        names.insert(to_string(static_cast<LogEvent>(i)));
    }
    CHECK(names.size() == static_cast<std::size_t>(last) + 1);
    CHECK(to_string(LogEvent::notice) == "notice");
    CHECK(to_string(LogEvent::lease_lost) == "lease_lost");
    CHECK(to_string(LogEvent::request_failed) == "request_failed");
    CHECK(to_string(LogEvent::filters_unjudged) == "filters_unjudged");
}

}  // namespace webhooks
