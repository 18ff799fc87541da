#include <service/subscription_ids.hpp>
#include <support/catch.hpp>

namespace webhooks::service {
namespace {

std::vector<SubscriptionId> all_of(const SubscriptionIds& ids) {
    std::vector<SubscriptionId> all;
    ids.for_each([&all](SubscriptionId id) { all.push_back(id); });
    return all;
}

}  // namespace

TEST_CASE("ids are listed once each and in ascending order whatever the order of their insertion") {
    SubscriptionIds ids;
    CHECK(ids.empty());
    for (const std::int64_t id : {5, 9, 2, 5, 7, 2, 9, 3}) {
        ids.insert({id});
    }
    CHECK_FALSE(ids.empty());
    CHECK(all_of(ids) == std::vector<SubscriptionId>{{2}, {3}, {5}, {7}, {9}});
}

TEST_CASE("an erased id is gone and the others stay") {
    SubscriptionIds ids;
    for (const std::int64_t id : {5, 9, 2}) {
        ids.insert({id});
    }
    ids.erase({4});
    CHECK(all_of(ids) == std::vector<SubscriptionId>{{2}, {5}, {9}});
    SECTION("the first") {
        ids.erase({2});
        CHECK(all_of(ids) == std::vector<SubscriptionId>{{5}, {9}});
    }
    SECTION("the last") {
        ids.erase({9});
        CHECK(all_of(ids) == std::vector<SubscriptionId>{{2}, {5}});
    }
    SECTION("all") {
        for (const std::int64_t id : {5, 2, 9}) {
            ids.erase({id});
        }
        CHECK(ids.empty());
        CHECK(all_of(ids).empty());
        ids.erase({9});
        CHECK(ids.empty());
    }
}

}  // namespace webhooks::service
