#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

STORAGE_TEST("an overview has the sample, the users and the workers with what they report") {
    const Result<Overview> first = this->storage->overview();
    if (first.error() == Errc::unsupported) return;
    CHECK(first.value().users == 0);
    CHECK_FALSE(first.value().storage.kind.empty());
    REQUIRE(first.value().workers.size() == 1);
    CHECK_FALSE(first.value().workers.front().report);
    this->subscribe("alice");
    this->subscribe("alice");
    const SubscriptionId deleted = this->subscribe("bob").id;
    this->storage->delete_subscription(bob, deleted).value();
    const WorkerReport report{.host = "one.example",
                              .version = "1.2.3",
                              .in_flight = 4,
                              .in_memory = 50,
                              .per_second = {.published = 0.5, .attempts = 2.25, .delivered = 1}};
    this->write({.report = WorkerReport{.host = "other", .version = "0"}});
    this->write({.report = report});
    this->write({});
    const Overview overview = this->storage->overview().value();
    CHECK(overview.now == this->clock->now());
    CHECK(overview.users == 1);
    CHECK(overview.sample.active == 2);
    REQUIRE(overview.workers.size() == 1);
    const WorkerState& state = overview.workers.front();
    CHECK(state.id == this->worker.id);
    CHECK(state.is_live);
    CHECK(state.started_at == this->clock->now());
    CHECK(state.heartbeat_at == this->clock->now());
    CHECK(state.report == report);
    this->storage->retire_worker(this->worker.id).value();
    CHECK(this->storage->overview().value().workers.empty());
}

STORAGE_TEST("users are listed by id, with what fails and waits, in pages") {
    if (this->storage->users({}, 10).error() == Errc::unsupported) return;
    const Subscription failing = this->subscribe("bob");
    const SubscriptionId inactive = this->subscribe("bob").id;
    this->subscribe("Zoe");
    this->subscribe("\xC3\xA4");
    const SubscriptionId deleted = this->subscribe("carol").id;
    this->storage->delete_subscription(admin, deleted).value();
    this->storage->update_subscription(admin, inactive, {.is_active = false}).value();
    const Time now = this->clock->now();
    this->write(
        {.states = {
             {.subscription = failing.id, .revision = failing.revision, .failing_since = now}}});
    this->record_one(failing.id);
    this->append({inactive}, "{}", {}, now + 1h).value();
    this->append_one(failing.id);
    const UserSummary of_bob{
        .user_id = "bob", .subscriptions = 2, .inactive = 1, .failing = 1, .waiting = 2};
    const auto all = this->storage->users({}, 10).value();
    REQUIRE(all.size() == 3);
    CHECK(all[0].user_id == "Zoe");
    CHECK(all[1] == of_bob);
    CHECK(all[2].user_id == "\xC3\xA4");
    CHECK(this->storage->users("Zoe", 1).value() == std::vector{of_bob});
    CHECK(this->storage->users("\xC3\xA4", 1).value().empty());
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
