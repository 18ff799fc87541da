#include <storage/sql/postgresql/listener.hpp>
#include <support/catch.hpp>

namespace webhooks::storage {

using namespace std::chrono_literals;

TEST_CASE("a lost listener retries with growing delays and jitter") {
    CHECK(reconnect_pause(1, 1) == 100ms);
    CHECK(reconnect_pause(2, 1) == 200ms);
    CHECK(reconnect_pause(7, 1) == 6400ms);
    CHECK(reconnect_pause(8, 1) == 10s);
    CHECK(reconnect_pause(1'000'000, 1) == 10s);
    CHECK(reconnect_pause(1, 0) == 50ms);
    CHECK(reconnect_pause(8, 0) == 5s);
}

}  // namespace webhooks::storage
