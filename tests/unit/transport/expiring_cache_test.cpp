#include <memory>
#include <support/catch.hpp>
#include <transport/expiring_cache.hpp>

using namespace std::chrono_literals;
using namespace webhooks;

namespace {

using Value = std::shared_ptr<const int>;
using Cache = transport::ExpiringCache<Value>;

Value answer() {
    return std::make_shared<const int>();
}

}  // namespace

TEST_CASE("a cached value is found until it expires") {
    const SteadyTime now{1h};
    Cache cache(2);
    const Value first = answer();
    cache.put("a", first, now + 5s);
    CHECK(cache.find("b", now) == nullptr);
    CHECK(cache.find("a", now) == first);
    CHECK(cache.find("a", now + 5s - 1ns) == first);
    CHECK(cache.find("a", now + 5s) == nullptr);
    CHECK(cache.size() == 0);
}

TEST_CASE("a full cache removes the entry inserted first") {
    const SteadyTime now{1h};
    Cache cache(2);
    cache.put("a", answer(), now + 5s);
    cache.put("b", answer(), now + 5s);
    const Value again = answer();
    cache.put("a", again, now + 5s);
    CHECK(cache.size() == 2);
    cache.put("c", answer(), now + 5s);
    CHECK(cache.size() == 2);
    CHECK(cache.find("a", now) == again);
    CHECK(cache.find("b", now) == nullptr);
    CHECK(cache.find("c", now) != nullptr);
}
