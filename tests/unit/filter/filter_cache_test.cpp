#include <filter/filter_cache.hpp>
#include <support/catch.hpp>
#include <thread>
#include <unit/allocations.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks::filter {

TEST_CASE("a filter cache parses each text once, and stays small") {
    FilterCache cache;
    CHECK(cache.find("") == nullptr);
    const FilterPtr first = cache.find("payload/a eq 1");
    CHECK(cache.find("payload/a eq 1") == first);
    CHECK(cache.parsed_bytes() == 14);
    CHECK(cache.find("payload/")->judge({.event_type = "a"}) == false);
    const std::string padding(1900, ' ');
    for (int i = 0; i < 1000; ++i) {
        cache.find("payload/a eq " + std::to_string(i) + padding);
    }
    CHECK(cache.find("payload/a eq 1") != first);
    CHECK(first->judge({.event_type = "a"}) == false);
}

TEST_CASE(
    "what a process borrows is parsed once, and a second borrower at the same time waits for "
    "nothing") {
    const std::string text = "payload/borrowed eq 1";
    FilterPtr first;
    {
        BorrowedFilters borrowed;
        first = borrowed.filters().find(text);
        BorrowedFilters meanwhile;
        CHECK(meanwhile.filters().find(text) != first);
    }
    BorrowedFilters again;
    CHECK(again.filters().find(text) == first);
    FilterPtr of_thread;
    std::thread([&] { of_thread = BorrowedFilters().filters().find(text); }).join();
    CHECK(of_thread->judge({.event_type = "a"}) == false);
}

#ifndef __SANITIZE_ADDRESS__

TEST_CASE("a parsed filter takes at most 160 KiB, whatever its text") {
    // What repeats the fewest characters for a node of its own.
    const auto filled = [](std::string begin, const std::string& part, const std::string& end) {
        while (begin.size() + part.size() + end.size() <= max_payload_filter_bytes) {
            begin += part;
        }
        return begin + end;
    };
    const std::string text = GENERATE_REF(
        filled("payload in (1", ",1", ")"), filled("payload in (''", ",''", ")"),
        filled("payload/a", " or payload/a", ""),
        filled("exists(payload/1/1/1/1)", " or exists(payload/1/1/1/1/1/1/1)", ""),
        filled("payload", " or payload", ""), filled("payload", "=payload or payload", "=1"));
    const long before = testing::live_bytes();
    const FilterPtr filter = saved_filter(text);
    INFO(text.substr(0, 60) << " takes " << testing::live_bytes() - before);
    CHECK(filter->judge({.event_type = "a"}) != true);
    CHECK(testing::live_bytes() - before <= 160 * 1024);
}

#endif

}  // namespace webhooks::filter
