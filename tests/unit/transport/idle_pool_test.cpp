#include <memory>
#include <string>
#include <support/catch.hpp>
#include <transport/idle_pool.hpp>
#include <transport/prepared_target.hpp>
#include <unit/allocations.hpp>

using namespace std::chrono_literals;
using webhooks::EndpointPolicy;
using webhooks::EndpointUrl;
using webhooks::SteadyTime;
using webhooks::Target;
using webhooks::transport::IdleLimit;
using webhooks::transport::IdlePool;
using webhooks::transport::PreparedTargets;

namespace {

using Pool = IdlePool<std::string, int>;
const auto none_is_dead = [](int) { return false; };

}  // namespace

TEST_CASE("the connection used last is reused next, and only for its own key") {
    Pool pool(std::make_shared<IdleLimit>(10), 30s);
    pool.put("a", 1, SteadyTime{});
    pool.put("a", 2, SteadyTime{});
    pool.put("b", 3, SteadyTime{});
    CHECK(pool.take("c") == std::nullopt);
    CHECK(pool.take("a") == 2);
    CHECK(pool.take("a") == 1);
    CHECK(pool.take("a") == std::nullopt);
    CHECK(pool.size() == 1);
}

TEST_CASE("a full pool drops the oldest of all") {
    Pool pool(std::make_shared<IdleLimit>(2), 30s);
    pool.put("a", 1, SteadyTime{});
    pool.put("b", 2, SteadyTime{});
    pool.put("b", 3, SteadyTime{});
    CHECK(pool.size() == 2);
    CHECK(pool.take("a") == std::nullopt);
    CHECK(pool.take("b") == 3);
    CHECK(pool.take("b") == 2);
}

TEST_CASE("old and dead connections are dropped") {
    Pool pool(std::make_shared<IdleLimit>(10), 30s);
    pool.put("a", 1, SteadyTime{});
    pool.put("a", 2, SteadyTime{} + 10s);
    pool.put("a", 3, SteadyTime{} + 20s);
    pool.drop_unusable(SteadyTime{} + 29s, none_is_dead);
    CHECK(pool.size() == 3);
    pool.drop_unusable(SteadyTime{} + 30s, [](int connection) { return connection == 3; });
    CHECK(pool.take("a") == 2);
    CHECK(pool.size() == 0);
}

#ifndef __SANITIZE_ADDRESS__

TEST_CASE("keys without a connection are forgotten in the next check") {
    Pool pool(std::make_shared<IdleLimit>(10), 30s);
    const long before = webhooks::testing::live_allocations();
    for (int i = 0; i < 1000; ++i) {
        pool.put(std::to_string(i), i, SteadyTime{});
        pool.take(std::to_string(i));
    }
    pool.drop_unusable(SteadyTime{}, none_is_dead);
    CHECK(webhooks::testing::live_allocations() <= before + 1);  // The buckets.
    CHECK(pool.take("1") == std::nullopt);
}

#endif

TEST_CASE("a pool without room or time keeps nothing") {
    Pool no_room(std::make_shared<IdleLimit>(0), 30s);
    Pool no_time(std::make_shared<IdleLimit>(10), 0s);
    for (Pool* pool : {&no_room, &no_time}) {
        pool->put("a", 1, SteadyTime{});
        CHECK(pool->size() == 0);
    }
}

TEST_CASE("a target is checked once, and forgotten once it is destroyed") {
    PreparedTargets targets("agent");
    const auto target =
        std::make_shared<const Target>(Target{*EndpointUrl::parse("http://a.example/x"), {}, {}});
    const auto prepared = targets.prepare(target);
    CHECK(prepared->error.empty());
    CHECK(prepared->key.origin == "http://a.example:80");
    CHECK(prepared->head ==
          "POST /x HTTP/1.1\r\nhost: a.example\r\nuser-agent: agent\r\naccept-encoding: "
          "identity\r\n");
    CHECK(targets.prepare(target) == prepared);

    for (int i = 0; i < 5'000; ++i) {
        targets.prepare(std::make_shared<const Target>(*target));
    }
    CHECK(targets.size() <= 1024);
    CHECK(targets.prepare(target) == prepared);
}

TEST_CASE("a target whose headers are not allowed is rejected by name, without the value") {
    PreparedTargets targets("agent");
    const auto prepared = targets.prepare(std::make_shared<const Target>(
        Target{*EndpointUrl::parse("http://a.example/"), {{"Host", "canary"}}, {}}));
    CHECK_THAT(prepared->error, Catch::Matchers::ContainsSubstring("Host"));
    CHECK_THAT(prepared->error, !Catch::Matchers::ContainsSubstring("canary"));
    CHECK(prepared->head.empty());
}

TEST_CASE("pools that share a limit keep no more than it together") {
    const auto limit = std::make_shared<IdleLimit>(3);
    Pool other(limit, 30s);
    {
        Pool pool(limit, 30s);
        for (int i = 0; i < 5; ++i)
            pool.put("a", i, SteadyTime{});
        CHECK(pool.size() == 3);
        other.put("a", 10, SteadyTime{});
        CHECK(other.size() == 0);

        CHECK(pool.take("a") == 4);
        other.put("a", 11, SteadyTime{});
        pool.put("a", 5, SteadyTime{});
        CHECK(other.take("a") == 11);
        CHECK(pool.size() == 2);
    }
    for (int i = 0; i < 5; ++i)
        other.put("b", i, SteadyTime{});
    CHECK(other.size() == 3);
}
