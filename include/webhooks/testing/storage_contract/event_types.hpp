#pragma once

#include <optional>
#include <vector>
#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

class EventTypesFixture : public Fixture {
public:
    using Fixture::Fixture;

    /// All members that a caller can set.
    static EventType full() {
        EventType type{.name = "order.created", .description = "An order"};
        type.group = "Orders";
        type.schema = R"({"type":"object"})";
        type.example = R"({ "id": 9007199254740993 })";
        Deprecation deprecation;
        deprecation.successor = "order.made";
        deprecation.note = "caf\xC3\xA9";
        type.deprecation = deprecation;
        return type;
    }

    /// @return nullopt if the storage only adds types that the host declares.
    std::optional<EventType> replace(const EventType& type) {
        const Result<EventType> stored = storage->replace_event_type(admin, type);
        if (stored) return *stored;
        CHECK(stored.error() == Errc::unsupported);
        return std::nullopt;
    }

    /// The one type that is stored.
    EventType stored() {
        const std::vector<EventType> types = storage->configuration(0).value().event_types;
        REQUIRE(types.size() == 1);
        return types.front();
    }
};

#define EVENT_TYPE_TEST(name) WEBHOOKS_CONTRACT_TEST(StorageUnderTest, EventTypesFixture, name)

EVENT_TYPE_TEST("an administrator's event type is stored with all its members") {
    const std::optional<EventType> made = replace(full());
    if (!made) return;
    const Time created = clock->now();
    CHECK(made->deprecation->since == created);
    CHECK(made->created_at == created);
    CHECK(made->updated_at == created);
    CHECK(made->revision == revision());
    CHECK(stored() == *made);
    EventType as_given = full();
    as_given.deprecation->since = created;
    as_given.created_at = as_given.updated_at = created;
    as_given.revision = made->revision;
    CHECK(*made == as_given);
}

EVENT_TYPE_TEST("an administrator replaces all members, and a deprecation keeps its beginning") {
    if (!replace(full())) return;
    const Time created = clock->now();
    clock->advance(std::chrono::hours(1));
    EventType changed{.name = "order.created", .description = "new"};
    changed.deprecation.emplace();
    const EventType second = replace(changed).value();
    CHECK(second.group.empty());
    CHECK(second.schema.empty());
    CHECK(second.example.empty());
    CHECK(second.deprecation->since == created);
    CHECK(second.deprecation->successor.empty());
    CHECK(second.created_at == created);
    CHECK(second.updated_at == clock->now());
    changed.deprecation.reset();
    CHECK_FALSE(replace(changed).value().deprecation);
    changed.deprecation.emplace();
    CHECK(replace(changed).value().deprecation->since == clock->now());
}

EVENT_TYPE_TEST("registering the same event type again changes nothing") {
    const std::optional<EventType> made = replace(full());
    if (!made) return;
    clock->advance(std::chrono::hours(1));
    CHECK(replace(full()).value() == *made);
    storage->upsert_event_type(full()).value();
    CHECK(stored() == *made);
    CHECK(revision() == made->revision);
}

EVENT_TYPE_TEST("a host replaces only the members that it sets") {
    const std::optional<EventType> made = replace(full());
    if (!made) return;
    EventType declared{.name = "order.created", .description = "new"};
    declared.group = "Others";
    storage->upsert_event_type(declared).value();
    EventType expected = *made;
    expected.description = "new";
    expected.group = "Others";
    expected.revision = revision();
    CHECK(stored() == expected);
    CHECK(expected.revision > made->revision);
    storage->upsert_event_type({.name = "order.created", .description = ""}).value();
    CHECK(stored() == expected);
}

EVENT_TYPE_TEST("a retired event type stays so until an administrator registers it again") {
    if (!replace(full())) return;
    const Revision before = revision();
    clock->advance(std::chrono::hours(1));
    storage->retire_event_type(admin, "order.created", false).value();
    CHECK(stored().retired_at == clock->now());
    CHECK(stored().updated_at == clock->now());
    CHECK(stored().schema == full().schema);
    const Configuration change = storage->configuration(before).value();
    REQUIRE(change.event_types.size() == 1);
    CHECK(change.event_types.front().retired_at);
    CHECK(storage->retire_event_type(admin, "order.created", true).error() == Errc::not_found);
    CHECK(storage->retire_event_type(admin, "order", true).error() == Errc::not_found);

    storage->upsert_event_type({.name = "order.created", .description = "declared"}).value();
    CHECK(stored().retired_at);
    CHECK(stored().description == "An order");
    CHECK_FALSE(replace(full()).value().retired_at);
    CHECK_FALSE(stored().retired_at);
}

EVENT_TYPE_TEST("an event type that active subscriptions have exactly is retired only by force") {
    if (!replace(full())) return;
    const SubscriptionId first = subscribe().id;
    subscribe("bob");
    Subscription pattern = subscribe();
    storage->update_subscription(admin, pattern.id, {.event_type = "order.*"}).value();
    const SubscriptionId inactive = subscribe().id;
    storage->update_subscription(admin, inactive, {.is_active = false}).value();
    storage->delete_subscription(admin, subscribe().id).value();
    const Error error = storage->retire_event_type(admin, "order.created", false).error();
    CHECK(error == Errc::conflict);
    CHECK(error.detail().starts_with("2 active subscriptions have exactly this event type"));
    CHECK_FALSE(stored().retired_at);
    storage->retire_event_type(admin, "order.created", true).value();
    CHECK(stored().retired_at);
    CHECK(storage->find_subscription(admin, first).value().is_active);
}

EVENT_TYPE_TEST("each change of an event type by an administrator has one audit record") {
    const Principal caller = admin.identified_by({.kind = Credential::Kind::key, .id = "17"});
    const auto records = storage->list_audit(admin, {});
    if (!records && records.error() == Errc::unsupported) return;
    const auto newest = [&] {
        const Page<AuditRecord> page = storage->list_audit(admin, {}).value();
        return page.items.empty() ? AuditRecord() : page.items.front();
    };
    if (!storage->replace_event_type(caller, {.name = "a", .description = "A"})) return;
    CHECK(newest().action == "event_type.created");
    CHECK(newest().actor_id == "17");
    CHECK(newest().changes == R"({"description":[null,"A"]})");
    EventType changed = full();
    changed.name = "a";
    storage->replace_event_type(caller, changed).value();
    CHECK(newest().action == "event_type.updated");
    CHECK(newest().changes ==
          R"({"description":["A","An order"],"group":["","Orders"],"schema":"changed",)"
          R"("example":"changed","isDeprecated":[false,true],"successor":["","order.made"],)"
          "\"note\":[\"\",\"caf\xC3\xA9\"]}");
    storage->retire_event_type(caller, "a", false).value();
    CHECK(newest().action == "event_type.retired");
    CHECK(newest().object_id == "a");
    storage->replace_event_type(caller, changed).value();
    CHECK(newest().action == "event_type.revived");
    CHECK(newest().changes == "{}");
    CHECK(storage->list_audit(admin, {}).value().total == 4);
    CHECK(storage->list_audit(alice, {}).value().total == 0);
}

#undef EVENT_TYPE_TEST

}  // namespace
}  // namespace webhooks::testing::storage_contract
