#include <publication/pattern.hpp>
#include <service/subscription_index.hpp>
#include <support/catch.hpp>

namespace webhooks::service {
namespace {

struct IndexFixture {
    /// Applies a change, as storage reports it.
    void put(std::int64_t id, const std::string& owner, const std::string& pattern,
             bool is_active = true, const std::string& url = "https://hooks.example.com/a",
             const std::string& filter = "") {
        Configuration changes{.revision = ++revision};
        changes.subscriptions.push_back({.id = {id},
                                         .event_type = pattern,
                                         .filter = filter,
                                         .url = url,
                                         .is_active = is_active,
                                         .user_id = owner,
                                         .revision = revision});
        changes.event_types = types;
        index.apply(changes);
    }
    SubscriptionIndex::Match find(std::string_view type, const std::optional<std::string>& owner,
                                  std::string_view payload) const {
        return index.match({.event_type = std::string(type),
                            .content_type = "application/json",
                            .payload = std::make_shared<const std::string>(payload)},
                           owner);
    }
    std::vector<std::int64_t> match(std::string_view type,
                                    const std::optional<std::string>& owner = {},
                                    std::string_view payload = "{}") const {
        std::vector<std::int64_t> ids;
        for (const SubscriptionId id : find(type, owner, payload).subscriptions) {
            ids.push_back(id.value);
        }
        return ids;
    }

    std::vector<EventType> types{{.name = "invoice.paid", .description = ""},
                                 {.name = "order.created", .description = ""}};
    Revision revision = 0;
    SubscriptionIndex index{{}};
};

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a pattern matches a type, all types, or those with a prefix of whole segments") {
    CHECK(pattern_matches("*", "order.created"));
    CHECK(pattern_matches("order.created", "order.created"));
    CHECK(pattern_matches("order.*", "order.created"));
    CHECK(pattern_matches("order.*", "order.item.added"));
    CHECK_FALSE(pattern_matches("order.*", "order"));
    CHECK_FALSE(pattern_matches("order.*", "orders.created"));
    CHECK_FALSE(pattern_matches("order", "order.created"));
    CHECK_FALSE(pattern_matches("order.c*", "order.created"));
    CHECK_FALSE(pattern_matches("*", "webhook.subscription.created"));
    CHECK(pattern_matches("webhook.*", "webhook.subscription.created"));
    CHECK(pattern_matches("webhook.subscription.*", "webhook.subscription.created"));
}

TEST_CASE_METHOD(IndexFixture, "an event reaches the active subscriptions that match, ascending") {
    put(3, "alice", "*");
    put(1, "bob", "order.*");
    put(2, "alice", "order.created");
    put(4, "alice", "invoice.paid");
    put(5, "alice", "*", false);
    CHECK(match("order.created") == Ids{1, 2, 3});
    CHECK(match("order.created", "alice") == Ids{2, 3});
    CHECK(match("invoice.paid", "bob").empty());
    CHECK(find("order.created", {}, "{}").revision == revision);
    for (const std::int64_t id : match("order.item.added")) {
        CHECK((id == 1 || id == 3));
    }
}

TEST_CASE_METHOD(IndexFixture, "an event reaches no subscription whose filter does not hold") {
    const std::string url = "https://hooks.example.com/a";
    put(1, "alice", "*");
    put(2, "alice", "order.*", true, url, "payload/total ge 100");
    put(3, "bob", "order.*", true, url, "payload/total ge 100");
    put(4, "alice", "*", true, url, "eventType eq 'invoice.paid'");
    CHECK(match("order.created", {}, R"({"total":100})") == Ids{1, 2, 3});
    CHECK(match("order.created", "alice", R"({"total":99})") == Ids{1});
    CHECK(match("invoice.paid", {}, "no JSON") == Ids{1, 4});
    const SubscriptionIndex::Match unlike = find("order.created", {}, R"({"total":"5"})");
    CHECK(unlike.filtered.subscriptions == std::vector<SubscriptionId>{{2}, {3}, {4}});
    CHECK(unlike.filtered.unjudged.empty());
    put(2, "alice", "order.*", true, url, "");
    put(3, "bob", "order.*", true, url, "payload/total lt 100");
    CHECK(match("order.created", {}, R"({"total":99})") == Ids{1, 2, 3});
    Configuration removal{.revision = ++revision};
    removal.deleted = {{3}};
    removal.event_types = types;
    index.apply(removal);
    CHECK(match("order.created", {}, R"({"total":99})") == Ids{1, 2});
}

TEST_CASE_METHOD(IndexFixture, "a stored filter that cannot be read lets nothing through") {
    put(1, "alice", "*", true, "https://hooks.example.com/a", "payload/total near 100");
    CHECK(match("order.created").empty());
}

TEST_CASE_METHOD(IndexFixture, "a changed subscription leaves no trace of its old pattern") {
    put(1, "alice", "order.*");
    put(1, "alice", "invoice.*");
    CHECK(match("order.created").empty());
    CHECK(match("order.created", "alice").empty());
    CHECK(match("invoice.paid", "alice") == Ids{1});
    put(1, "alice", "invoice.*", false);
    CHECK(match("invoice.paid").empty());
    CHECK_FALSE(index.endpoint({1})->is_active);
}

TEST_CASE_METHOD(IndexFixture, "a deleted subscription has no endpoint and matches nothing") {
    put(1, "alice", "*");
    index.apply({.revision = ++revision, .deleted = {{1}}, .event_types = types});
    CHECK(match("order.created").empty());
    CHECK(match("order.created", "alice").empty());
    CHECK(index.endpoint({1}) == nullptr);
}

TEST_CASE_METHOD(IndexFixture, "changes that are older than the index are skipped") {
    put(1, "alice", "*");
    put(1, "alice", "order.*");
    const std::uint64_t changes = index.changes();
    Configuration old{.revision = 1};
    old.subscriptions.push_back({.id = {1}, .event_type = "*", .user_id = "alice"});
    index.apply(old);
    CHECK(index.changes() == changes);
    CHECK(match("invoice.paid").empty());
}

TEST_CASE_METHOD(IndexFixture, "a notice pauses the version that it was judged at") {
    put(1, "alice", "*");
    const Time until{std::chrono::hours(500'000)};
    index.apply({{.number = 1, .subscription = {1}, .revision = 99, .paused_until = until}});
    CHECK_FALSE(index.endpoint({1})->extras().paused_until);
    index.apply({{.number = 2, .subscription = {1}, .revision = 1, .paused_until = until}});
    CHECK(index.endpoint({1})->extras().paused_until == until);
    index.apply({{.number = 3, .subscription = {1}, .deleted_event = EventId{7}, .revision = 1}});
    CHECK(index.endpoint({1})->extras().paused_until == until);
    index.apply({{.number = 4, .subscription = {1}, .revision = 1}});
    CHECK_FALSE(index.endpoint({1})->extras().paused_until);
}

TEST_CASE_METHOD(IndexFixture, "an endpoint whose URL is no longer allowed has no target") {
    put(1, "alice", "*", true, "https://127.0.0.1/");
    const auto endpoint = index.endpoint({1});
    CHECK_FALSE(endpoint->target);
    CHECK_FALSE(endpoint->extras().target_error.empty());
    CHECK(match("order.created") == Ids{1});
}

TEST_CASE_METHOD(IndexFixture, "the registered types and the operational ones are known") {
    put(1, "alice", "*");
    CHECK(index.event_type("order.created"));
    CHECK_FALSE(index.event_type("order.creatd"));
    CHECK(index.event_types().size() == 2 + operational_event_types().size());
}

}  // namespace webhooks::service
