#pragma once

#include <webhooks/testing/storage_contract/feed.hpp>
#include <webhooks/testing/storage_contract/fixture.hpp>
#include <webhooks/testing/storage_contract/pull.hpp>

// Appends that are fanned out: their events are made later, in slices. A storage may also make them
// at once.

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

struct FanOutFixture : Fixture {
    using Fixture::Fixture;

    std::vector<SubscriptionId> subscribe_all(std::size_t count, const std::string& owner) {
        std::vector<SubscriptionId> made;
        for (std::size_t i = 0; i < count; ++i) {
            made.push_back(this->subscribe(owner).id);
        }
        return made;
    }

    static Append fanned_out(std::vector<SubscriptionId> subscriptions, Time due,
                             const std::string& user = "alice") {
        Message message = *Fixture::message("{\"for\":\"" + user + "\"}");
        message.user_id = user;
        return {.message = std::make_shared<const Message>(std::move(message)),
                .subscriptions = std::move(subscriptions),
                .due = due,
                .is_fanned_out = true};
    }

    BatchReceipt write_fanned_out(const Append& append, std::size_t slice_size) {
        return this->write(
            {.revision = this->revision(), .appends = {append}, .slice_size = slice_size});
    }

    /// @return the id of its first event
    EventId fan_out(const std::vector<SubscriptionId>& subscriptions, std::size_t slice_size,
                    const std::string& user = "alice") {
        const BatchReceipt receipt =
            write_fanned_out(fanned_out(subscriptions, this->clock->now(), user), slice_size);
        REQUIRE(receipt.appends[0].value().count == subscriptions.size());
        is_deferred = receipt.has_fan_outs;
        return receipt.appends[0]->first_event;
    }

    BatchReceipt make_slice(std::size_t slice_size) {
        return this->write({.slice_size = slice_size, .continues_fan_outs = true});
    }

    void make_all(std::size_t slice_size = 2) {
        while (this->storage->heartbeat(this->worker.id).value().has_fan_outs) {
            make_slice(slice_size);
        }
    }

    bool has(SubscriptionId subscription, EventId event) {
        return this->storage->find_event(admin, subscription, event).has_value();
    }

    bool is_deferred = false;  ///< Whether the storage makes events later.
};

/// The ids of this many events.
std::vector<EventId> ids_from(EventId first, std::size_t count) {
    std::vector<EventId> all;
    for (std::size_t i = 0; i < count; ++i) {
        all.push_back({first.value + static_cast<std::int64_t>(i)});
    }
    return all;
}

#define FAN_OUT_TEST(name) WEBHOOKS_CONTRACT_TEST(StorageUnderTest, FanOutFixture, name)

FAN_OUT_TEST("the events of an append that is fanned out are made in slices") {
    const auto subscriptions = this->subscribe_all(5, "alice");
    const Time published = this->clock->now();
    const EventId first = this->fan_out(subscriptions, 2);
    CHECK(this->appended_after({}).empty());
    this->clock->advance(1s);
    for (const std::size_t made : {2U, 2U, 1U}) {
        if (!this->is_deferred) break;
        CHECK(this->storage->heartbeat(this->worker.id).value().has_fan_outs);
        CHECK(this->make_slice(2).fanned_out == made);
    }
    CHECK_FALSE(this->storage->heartbeat(this->worker.id).value().has_fan_outs);
    CHECK(this->make_slice(2).fanned_out == 0);
    CHECK(this->appended_after({}).empty());

    const auto claimed = this->storage->claim(this->worker.id, 100).value().events;
    CHECK(ids(claimed) == ids_from(first, 5));
    for (std::size_t i = 0; i < claimed.size(); ++i) {
        CHECK(claimed[i].subscription == subscriptions[i]);
        CHECK(claimed[i].worker_tag == this->worker.tag);
        CHECK(claimed[i].created_at == published);
        CHECK(*claimed[i].message->payload == "{\"for\":\"alice\"}");
        CHECK(claimed[i].attempts == 0);
    }
    CHECK(this->append_one(subscriptions[0]) == EventId{first.value + 5});
}

FAN_OUT_TEST("a slice of several appends makes no more events than it may") {
    const auto subscriptions = this->subscribe_all(2, "alice");
    const EventId first = this->fan_out(subscriptions, 4);
    for (int i = 0; i < 2; ++i) {
        this->fan_out(subscriptions, 4);
    }
    if (!this->is_deferred) return;
    CHECK(this->make_slice(4).fanned_out == 4);
    CHECK(this->claim() == ids_from(first, 4));
    CHECK(this->make_slice(4).fanned_out == 2);
}

FAN_OUT_TEST("an append that is fanned out for later is due later") {
    const auto subscriptions = this->subscribe_all(3, "alice");
    const Time due = this->clock->now() + 1h;
    const EventId first = this->write_fanned_out(this->fanned_out(subscriptions, due), 2)
                              .appends[0]
                              .value()
                              .first_event;
    this->make_all();
    CHECK(this->claim().empty());
    this->clock->advance(1h);
    CHECK(this->claim() == ids_from(first, 3));
}

FAN_OUT_TEST("an append that is fanned out is repeated by its key, before and after") {
    const auto subscriptions = this->subscribe_all(3, "alice");
    Append append = this->fanned_out(subscriptions, this->clock->now());
    append.idempotency =
        IdempotencyKey{.scope = "alice", .key = "k", .digest = std::string(32, 'a')};
    const Appended first = this->write_fanned_out(append, 2).appends[0].value();
    const auto repeat = [&] { return this->write_fanned_out(append, 2).appends[0].value(); };
    CHECK(repeat() == Appended{first.first_event, 3, true});
    this->make_all();
    CHECK(repeat() == Appended{first.first_event, 3, true});
    CHECK(this->claim() == ids_from(first.first_event, 3));
}

FAN_OUT_TEST("feeds of the same user end before the events that are still to be made") {
    const auto subscriptions = this->subscribe_all(4, "alice");
    const SubscriptionId stranger = this->subscribe("bob").id;
    const SubscriptionId last = subscriptions.back();
    const EventId first = this->fan_out(subscriptions, 2);
    const EventId later = this->append_one(last);
    const EventId of_stranger = this->append_one(stranger);
    const auto changes = [&] {
        return this->storage->feed_changes({{.subscription = last}, {.subscription = stranger}})
            .value()
            .size();
    };
    const auto all_after = [&] {
        ListQuery list{.take = 100};
        list.after = 0;
        std::vector<EventId> found;
        for (const Event& event : this->storage->list_all_events(admin, list).value().items) {
            found.push_back(event.id);
        }
        return found;
    };
    if (this->is_deferred) {
        this->make_slice(2);
        const FeedRows page = feed_page(*this, last, std::nullopt);
        CHECK(page.events.empty());
        CHECK(page.next.after == EventId{first.value + 1});
        CHECK(ids(feed_page(*this, subscriptions[0], std::nullopt).events) == std::vector{first});
        CHECK(changes() == 1);
        CHECK(all_after() == ids_from(first, 2));
        const FeedRequest all{.take = 10, .max_bytes = 1000};
        CHECK(ids(this->storage->read_feed(bob, stranger, all).value().events) ==
              std::vector{of_stranger});
    }
    this->make_all();
    CHECK(ids(feed_page(*this, last, std::nullopt).events) ==
          std::vector{EventId{first.value + 3}, later});
    CHECK(changes() == 2);
    CHECK(all_after() == ids_from(first, 6));
}

FAN_OUT_TEST("what is fanned out for everyone holds back all feeds") {
    const auto subscriptions = this->subscribe_all(3, "alice");
    const SubscriptionId stranger = this->subscribe("bob").id;
    this->fan_out(subscriptions, 2, "");
    const EventId event = this->append_one(stranger);
    const FeedRequest all{.take = 10, .max_bytes = 1000};
    const auto read = [&] {
        return ids(this->storage->read_feed(bob, stranger, all).value().events);
    };
    if (this->is_deferred) CHECK(read().empty());
    this->make_all();
    CHECK(read() == std::vector{event});
}

FAN_OUT_TEST(
    "a subscription that was deleted meanwhile gets no event, one that is read has no row") {
    auto subscriptions = this->subscribe_all(2, "alice");
    subscriptions.push_back(PulledEvents::subscribe(*this));
    Append append = this->fanned_out(subscriptions, this->clock->now());
    append.pulled = {subscriptions[2]};
    const EventId first = this->write_fanned_out(append, 2).appends[0].value().first_event;
    this->storage->delete_subscription(alice, subscriptions[0]).value();
    this->make_all();
    CHECK(this->claim() == std::vector{EventId{first.value + 1}});
    CHECK(this->history(subscriptions[2], {first.value + 2}).event.is_success);
}

FAN_OUT_TEST("users take turns") {
    const auto many = this->subscribe_all(6, "alice");
    const auto few = this->subscribe_all(2, "bob");
    this->fan_out(many, 2);
    const EventId of_bob = this->fan_out(few, 2, "bob");
    if (!this->is_deferred) return;
    this->make_slice(2);
    this->make_slice(2);
    CHECK(this->has(few[0], of_bob));
    CHECK(this->has(few[1], {of_bob.value + 1}));
}

FAN_OUT_TEST("another worker makes what is left") {
    const auto subscriptions = this->subscribe_all(5, "alice");
    const EventId first = this->fan_out(subscriptions, 2);
    const std::uint64_t tag = this->worker.tag;
    this->make_slice(2);
    this->replace_worker();
    this->take_over();
    CHECK(this->storage->heartbeat(this->worker.id).value().has_fan_outs == this->is_deferred);
    this->make_all();
    const auto claimed = this->storage->claim(this->worker.id, 100).value().events;
    CHECK(ids(claimed) == ids_from(first, 5));
    for (const HeldEvent& event : claimed) {
        CHECK(event.worker_tag == tag);
    }
}

FAN_OUT_TEST("a message stays until its last event is made") {
    const auto subscriptions = this->subscribe_all(4, "alice");
    const EventId first = this->fan_out(subscriptions, 2);
    this->make_slice(2);
    this->storage->delete_event(alice, subscriptions[0], first).value();
    this->storage->delete_subscription(alice, subscriptions[1]).value();
    this->clock->advance(10 * 24h);
    for (int i = 0; i < 10; ++i) {
        this->storage->maintain({.limit = 100, .keep_events_for = 24h}).value();
    }
    this->make_all();
    const auto claimed = this->storage->claim(this->worker.id, 100).value().events;
    CHECK(ids(claimed) == std::vector{EventId{first.value + 2}, EventId{first.value + 3}});
    CHECK(*claimed.at(0).message->payload == "{\"for\":\"alice\"}");
}

FAN_OUT_TEST("a user for whom too many events are still to be made waits, and no other") {
    constexpr std::int64_t half = 250'000;
    std::vector<SubscriptionId> gone;
    for (std::int64_t id = 1'000'000; id < 1'000'000 + half; ++id) {
        gone.push_back({id});
    }
    for (int i = 0; i < 2; ++i) {
        this->fan_out(gone, 100'000);
    }
    if (!this->is_deferred) return;
    const auto subscriptions = this->subscribe_all(2, "alice");
    const auto result_for = [&](const std::string& user) {
        return this->write_fanned_out(this->fanned_out(subscriptions, this->clock->now(), user), 2)
            .appends[0];
    };
    CHECK(result_for("alice").error() == Errc::overloaded);
    CHECK(result_for("bob").has_value());
    CHECK(this->append_one(subscriptions[0]) > EventId{});
    this->make_all(100'000);
    CHECK(result_for("alice").has_value());
}

#undef FAN_OUT_TEST

}  // namespace
}  // namespace webhooks::testing::storage_contract
