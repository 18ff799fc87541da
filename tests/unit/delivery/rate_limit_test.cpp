#include <algorithm>
#include <delivery/rate_limit.hpp>
#include <support/catch.hpp>

namespace webhooks::delivery {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime start_of_rate{1000s};

}  // namespace

TEST_CASE("a rate limit spaces requests evenly after a burst of a tenth of a second") {
    for (const int rate : {1, 10, 250, 100'000}) {
        INFO(rate);
        RateLimit limit;
        SteadyTime at = start_of_rate;
        int sent = 0;
        while (at < start_of_rate + 10s) {
            at = std::max(at, limit.next(rate));
            if (at >= start_of_rate + 10s) break;
            limit.take(rate, at);
            ++sent;
        }
        CHECK(sent >= rate * 10);
        CHECK(sent <= rate * 10 + rate / 10 + 1);
    }
    CHECK(RateLimit().next(0) == SteadyTime::min());
}

TEST_CASE("an unused rate does not accumulate") {
    RateLimit limit;
    for (int i = 0; i < 2; ++i)
        limit.take(1, start_of_rate);
    CHECK(limit.next(1) == start_of_rate + 2s - 100ms);
    limit.take(1, start_of_rate + 1h);
    CHECK(limit.next(1) == start_of_rate + 1h + 1s - 100ms);
}

}  // namespace webhooks::delivery
