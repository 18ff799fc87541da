#include <storage/sql/missing_keys.hpp>
#include <support/catch.hpp>
#include <webhooks/testing/manual_clock.hpp>

namespace webhooks::storage {

TEST_CASE("a key that is missing is asked for once a second, and others meanwhile") {
    using namespace std::chrono_literals;
    using Keys = std::set<std::int64_t>;
    testing::ManualClock clock;
    MissingKeys missing;
    CHECK(missing.due({1, 2}, clock.steady_now()) == Keys{1, 2});
    CHECK(missing.due({1, 2, 3}, clock.steady_now()) == Keys{3});
    clock.advance(999ms);
    CHECK(missing.due({1, 2, 3}, clock.steady_now()).empty());
    clock.advance(1ms);
    CHECK(missing.due({2}, clock.steady_now()) == Keys{2});
    CHECK(missing.due({1, 2}, clock.steady_now()) == Keys{1});
}

}  // namespace webhooks::storage
