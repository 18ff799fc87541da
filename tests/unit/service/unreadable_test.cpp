#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// Cannot decrypt a subscription until it is changed.
struct UnreadableStorage final : ForwardingStorage {
    using ForwardingStorage::ForwardingStorage;

    static Subscription without_secrets(Subscription subscription) {
        if (subscription.name != "unreadable") return subscription;
        subscription.secret = {};
        subscription.is_unreadable = true;
        return subscription;
    }

    Result<Subscription> find_subscription(const Principal& principal, SubscriptionId id) override {
        return without_secrets(ForwardingStorage::find_subscription(principal, id).value());
    }

    Result<Configuration> configuration(Revision since) override {
        Configuration changes = ForwardingStorage::configuration(since).value();
        for (Subscription& subscription : changes.subscriptions) {
            subscription = without_secrets(std::move(subscription));
        }
        return changes;
    }
};

struct LoggedDelays final : Observer {
    void on_log(LogLevel, std::string_view line) override {
        if (line.starts_with("attempts are delayed")) last = line;
    }
    std::string last;
};

struct UnreadableFixture : ServiceFixture {
    UnreadableFixture() {
        running.reset();
        storage = std::make_shared<UnreadableStorage>(storage);
        observer = log;
        open();
    }
    double unreadable() {
        for (const MetricFamily& family : service().metrics().value()) {
            if (family.name == "webhooks_unreadable_subscriptions") {
                return family.samples.at(0).value;
            }
        }
        return -1;
    }
    std::shared_ptr<LoggedDelays> log = std::make_shared<LoggedDelays>();
};

}  // namespace

TEST_CASE_METHOD(UnreadableFixture, "events of a subscription without readable secrets wait") {
    const SubscriptionId id = subscribe().id;
    service().update_subscription(alice, id, {.name = "unreadable"}).value();
    const EventId waiting = publish();
    advance(1h);
    CHECK(transport->requests().empty());
    CHECK(event(id, waiting).retry_count == 0);
    CHECK(event(id, waiting).next_retry_at);
    CHECK(log->last == "attempts are delayed: the stored secrets of subscription " +
                           std::to_string(id.value) + " cannot be decrypted");
    CHECK(service().rotate_secret(alice, id, Secret("new"), 0s).error() == Errc::corrupt);

    transport->respond_with_status(200);
    service().update_subscription(alice, id, {.name = "repaired", .secret = Secret("new")}).value();
    advance(1s);
    CHECK(event(id, waiting).is_success);
}

TEST_CASE_METHOD(UnreadableFixture, "the metrics count subscriptions without readable secrets") {
    CHECK(unreadable() == 0);
    const SubscriptionId repaired = subscribe().id;
    const SubscriptionId deleted = subscribe().id;
    subscribe();
    for (const SubscriptionId id : {repaired, deleted}) {
        service().update_subscription(alice, id, {.name = "unreadable"}).value();
    }
    settle();
    CHECK(unreadable() == 2);
    service().update_subscription(alice, deleted, {.max_retry_count = 1}).value();
    settle();
    CHECK(unreadable() == 2);
    service()
        .update_subscription(alice, repaired, {.name = "repaired", .secret = Secret("new")})
        .value();
    service().delete_subscription(alice, deleted).value();
    settle();
    CHECK(unreadable() == 0);
}

}  // namespace webhooks::testing
