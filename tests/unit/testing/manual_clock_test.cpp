#include <support/catch.hpp>
#include <webhooks/testing/manual_clock.hpp>

using namespace webhooks;
using namespace std::chrono_literals;

TEST_CASE("a manual clock stands still until it is advanced") {
    const testing::ManualClock clock;
    CHECK(clock.now().time_since_epoch() == 1767225600s);
    CHECK(clock.now() == clock.now());
    CHECK(clock.steady_now() == clock.steady_now());
}

TEST_CASE("a manual clock advances both times, and jumps only the wall clock") {
    testing::ManualClock clock;
    const Time begin = clock.now();
    const SteadyTime steady_begin = clock.steady_now();
    clock.advance(48h);
    CHECK(clock.now() - begin == 48h);
    CHECK(clock.steady_now() - steady_begin == 48h);
    clock.jump(-72h);
    CHECK(clock.now() - begin == -24h);
    CHECK(clock.steady_now() - steady_begin == 48h);
    clock.advance(1us);
    CHECK(clock.now() - begin == -24h + 1us);
    CHECK(clock.steady_now() - steady_begin == 48h + 1us);
}
