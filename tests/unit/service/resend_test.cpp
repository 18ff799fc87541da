#include <thread>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

struct SendingAgainFixture : ServiceFixture {
    Subscription subscription = subscribe_with_retries(0);

    Subscription subscribe_with_retries(int count) {
        return service()
            .create_subscription(alice, {.name = "mine",
                                         .event_type = "order.created",
                                         .url = "https://hooks.example.com/a",
                                         .max_retry_count = count})
            .value();
    }

    /// An event that has used up its attempts.
    EventId fail() {
        transport->respond_with_status(500);
        const EventId id = publish();
        settle();
        return id;
    }

    void change(SubscriptionChange change) {
        service().update_subscription(alice, subscription.id, std::move(change)).value();
    }

    EventHistory history(EventId id) { return service().event(alice, subscription.id, id).value(); }

    Result<Event> retry(EventId id) { return service().retry_event(alice, subscription.id, id); }

    std::size_t recover(Time since = Time{}) {
        return service().recover(alice, subscription.id, since).value();
    }
};

}  // namespace

// ---- One event.

TEST_CASE_METHOD(SendingAgainFixture, "an event is shown with each of its attempts") {
    change({.max_retry_count = 1});
    transport->respond([](const OutgoingRequest&) {
        return TransportAnswer{
            .kind = TransportAnswer::Kind::answered, .status_code = 503, .body = "busy"};
    });
    const EventId id = publish();
    settle();
    transport->respond([](const OutgoingRequest&) { return TransportAnswer{.error = "refused"}; });
    advance(5s);

    const EventHistory found = history(id);
    CHECK(found.event.id == id);
    CHECK(found.event.error_message == "refused");
    REQUIRE(found.attempts.size() == 2);
    const Attempt& first = found.attempts[0];
    CHECK(first.number == 1);
    CHECK(first.sent_at == clock->now() - 5s);
    CHECK(first.status_code == 503);
    CHECK(first.response == "busy");
    CHECK(first.error_message == "endpoint responded with 503");
    CHECK(first.outcome == Outcome::retry);
    const Attempt& second = found.attempts[1];
    CHECK(second.number == 2);
    CHECK(second.sent_at == clock->now());
    CHECK_FALSE(second.status_code);
    CHECK(second.outcome == Outcome::exhausted);
}

// ---- Retry.

TEST_CASE_METHOD(SendingAgainFixture, "a failed event is resent at once, with the same id") {
    const EventId id = fail();
    transport->respond_with_status(200);
    const Event waiting = retry(id).value();
    CHECK(waiting.id == id);
    CHECK(waiting.next_retry_at == clock->now());
    settle();
    const auto requests = transport->requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].webhook_id == requests[1].webhook_id);
    CHECK(history(id).event.is_success);
    CHECK(history(id).attempts.back().number == 2);
}

TEST_CASE_METHOD(SendingAgainFixture,
                 "a delivered event is resent and is not a success until then") {
    const EventId id = publish();
    settle();
    CHECK_FALSE(retry(id).value().is_success);
    settle();
    CHECK(transport->requests().size() == 2);
    CHECK(history(id).event.is_success);
}

TEST_CASE_METHOD(SendingAgainFixture,
                 "an event that waits for its retry does not wait any longer") {
    change({.max_retry_count = 9});
    const EventId id = fail();
    CHECK(retry(id).value().next_retry_at == clock->now());
    settle();
    CHECK(transport->requests().size() == 2);
}

TEST_CASE_METHOD(SendingAgainFixture, "a delayed event is sent before its time on request") {
    const EventId id = service()
                           .publish(alice, {.event_type = "order.created",
                                            .payload = "{}",
                                            .deliver_at = clock->now() + 1h})
                           .value()
                           .event_ids.front();
    settle();
    CHECK(transport->requests().empty());
    retry(id).value();
    settle();
    CHECK(history(id).event.is_success);
}

TEST_CASE_METHOD(
    SendingAgainFixture,
    "a retry of an event that was never attempted says when its endpoint's pause ends") {
    change({.max_retry_count = 9});
    transport->respond([](const OutgoingRequest&) {
        return TransportAnswer{
            .kind = TransportAnswer::Kind::answered, .status_code = 429, .retry_after = "3600"};
    });
    const EventId attempted = publish();
    settle();
    const Time end = clock->now() + 1h;
    const EventId waiting = publish();
    settle();
    REQUIRE(transport->requests().size() == 1);

    CHECK(retry(waiting).value().next_retry_at == end);
    settle();
    CHECK(transport->requests().size() == 1);
    CHECK(history(waiting).event.next_retry_at == end);
    SECTION("until an event that was attempted is the probe") {
        transport->respond_with_status(200);
        CHECK(retry(attempted).value().next_retry_at == clock->now());
        settle();
        CHECK(history(attempted).event.is_success);
    }
    SECTION("or until the pause is over") {
        transport->respond_with_status(200);
        advance(1h);
        CHECK(history(waiting).event.is_success);
    }
    SECTION("but not of a test event, which no pause holds back") {
        const EventId test = service().send_test_event(alice, subscription.id).value();
        settle();
        CHECK(retry(test).value().next_retry_at == clock->now());
    }
}

TEST_CASE_METHOD(SendingAgainFixture, "an event in flight is a conflict") {
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    const EventId id = publish();
    settle();
    CHECK(retry(id).error() == Errc::conflict);
    CHECK(retry(id).error().detail() == "the event is being delivered");
}

TEST_CASE_METHOD(SendingAgainFixture, "an inactive subscription gets only test events resent") {
    const EventId id = fail();
    const EventId test = service().send_test_event(alice, subscription.id).value();
    settle();
    change({.is_active = false});
    CHECK(retry(id).error() == Errc::conflict);
    CHECK(retry(id).error().detail() == "the subscription is not active: activate it first");
    CHECK(service().recover(alice, subscription.id, Time{}).error() == Errc::conflict);
    CHECK(retry(test));
    settle();
    CHECK(transport->requests().size() == 3);
}

TEST_CASE_METHOD(SendingAgainFixture,
                 "a started service resends without waiting for its heartbeat") {
    options.heartbeat_interval = 1h;
    options.lease = 10h;
    running.reset();
    open();
    const EventId id = fail();
    service().start().value();
    transport->respond_with_status(200);
    retry(id).value();
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!history(id).event.is_success) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        std::this_thread::yield();
    }
    service().stop(10s).value();
}

TEST_CASE_METHOD(SendingAgainFixture, "a resent event has a full set of attempts") {
    change({.max_retry_count = 1});
    const EventId id = fail();
    advance(5s);
    REQUIRE(history(id).attempts.back().outcome == Outcome::exhausted);
    SECTION("by a retry") {
        retry(id).value();
    }
    SECTION("by a recovery") {
        recover();
    }
    settle();
    CHECK(history(id).attempts.back().outcome == Outcome::retry);
    CHECK(history(id).event.next_retry_at == clock->now() + 5s);
    advance(5s);
    REQUIRE(history(id).attempts.size() == 4);
    CHECK(history(id).attempts.back().number == 4);
    CHECK(history(id).attempts.back().outcome == Outcome::exhausted);
}

// ---- Recover.

TEST_CASE_METHOD(SendingAgainFixture,
                 "recover resends what failed since a time, and nothing else") {
    const EventId old = fail();
    advance(1h);
    const Time since = clock->now();
    const EventId failed = fail();
    transport->respond_with_status(200);
    publish();
    service()
        .publish(alice,
                 {.event_type = "order.created", .payload = "{}", .deliver_at = clock->now() + 1h})
        .value();
    settle();
    REQUIRE(transport->requests().size() == 3);

    CHECK(recover(since) == 1);
    settle();
    CHECK(transport->requests().size() == 4);
    CHECK(history(failed).event.is_success);
    CHECK_FALSE(history(old).event.is_success);
    CHECK(recover(since) == 0);
    CHECK(recover() == 1);
}

TEST_CASE_METHOD(SendingAgainFixture,
                 "recover includes events that wait for a retry or were cancelled") {
    change({.max_retry_count = 9});
    const EventId waiting = fail();
    change({.is_active = false});
    advance(5s);
    CHECK(history(waiting).attempts.back().outcome == Outcome::cancelled);
    change({.is_active = true});
    const EventId retried = fail();
    transport->respond_with_status(200);
    CHECK(recover() == 2);
    settle();
    CHECK(history(waiting).event.is_success);
    CHECK(history(retried).event.is_success);
}

TEST_CASE_METHOD(SendingAgainFixture, "recover continues past the size of its batches") {
    // All but the first are cancelled while the subscription is inactive.
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    constexpr std::size_t count = 2500;
    for (std::size_t i = 0; i < count; ++i) {
        service().async_publish(alice, {.event_type = "order.created", .payload = "{}"},
                                [](const Result<PublishReceipt>&) {});
    }
    settle();
    REQUIRE(transport->requests().size() == 1);
    service().update_subscription(alice, subscription.id, {.is_active = false}).value();
    transport->answer(transport->in_flight().front(),
                      {.kind = TransportAnswer::Kind::answered, .status_code = 500});
    settle();
    service().update_subscription(alice, subscription.id, {.is_active = true}).value();
    transport->respond_with_status(200);
    CHECK(recover() == count);
    settle();
    CHECK(transport->requests().size() == 1 + count);
    CHECK(recover() == 0);
}

// ---- Secrets.

TEST_CASE_METHOD(SendingAgainFixture,
                 "a rotation generates a secret or takes one, and the old one retires") {
    const Secret first = subscription.secret;
    const Subscription made = service().rotate_secret(alice, subscription.id).value();
    CHECK(made.secret.reveal().starts_with("whsec_"));
    CHECK_FALSE(made.secret == first);
    REQUIRE(made.retired_secrets.size() == 1);
    CHECK(made.retired_secrets[0].secret == first);
    CHECK(made.retired_secrets[0].expires_at == clock->now() + 24h);

    const Subscription taken =
        service().rotate_secret(alice, subscription.id, Secret("chosen"), 1h).value();
    CHECK(taken.secret.reveal() == "chosen");
    REQUIRE(taken.retired_secrets.size() == 2);
    CHECK(taken.retired_secrets[0].expires_at == clock->now() + 1h);

    CHECK(service()
              .rotate_secret(alice, subscription.id, Secret("alone"), 0s)
              .value()
              .retired_secrets.empty());
}

TEST_CASE_METHOD(SendingAgainFixture, "the next delivery is signed with the new secret") {
    const Subscription rotated =
        service().rotate_secret(alice, subscription.id, Secret("new"), 0s).value();
    publish();
    settle();
    const OutgoingRequest request = transport->requests().front();
    CHECK(verify(rotated.secret,
                 {.id = request.webhook_id,
                  .timestamp = request.webhook_timestamp,
                  .signature = request.webhook_signature,
                  .body = *request.body},
                 clock->now()));
}

TEST_CASE_METHOD(SendingAgainFixture, "a wrong rotation is rejected, and changes nothing") {
    const auto faults = [&](std::optional<Secret> secret, std::chrono::seconds overlap) {
        std::string names;
        const Error error =
            service().rotate_secret(alice, subscription.id, std::move(secret), overlap).error();
        for (const FieldError& field_error : error.fields()) {
            names += field_error.field + ": " + field_error.message + "; ";
        }
        return names;
    };
    CHECK(faults({}, -1s) == "overlapSeconds: must be 0 to 604800; ");
    CHECK(faults({}, max_secret_overlap + 1s) == "overlapSeconds: must be 0 to 604800; ");
    CHECK(faults(subscription.secret, 0s) == "secret: must not be the current one; ");
    CHECK(service().rotate_secret(alice, subscription.id, subscription.secret).error() ==
          Errc::conflict);
    CHECK(service().rotate_secret(alice, subscription.id, subscription.secret, -1s).error() ==
          Errc::invalid_argument);
    CHECK(faults(subscription.secret, -1s) ==
          "secret: must not be the current one; overlapSeconds: must be 0 to 604800; ");
    const std::string both = faults(Secret("whsec_x"), -1s);
    CHECK(both.starts_with("secret: "));
    CHECK(both.ends_with("overlapSeconds: must be 0 to 604800; "));
    CHECK(service().subscription(alice, subscription.id).value().secret == subscription.secret);
    CHECK(service().rotate_secret(alice, subscription.id, {}, max_secret_overlap));
}

// ---- Statistics.

TEST_CASE_METHOD(SendingAgainFixture, "statistics count what was sent, failed and waits") {
    CHECK(service().statistics(alice, subscription.id).value().attempts == 0);
    change({.max_retry_count = 9});
    publish();
    settle();
    fail();
    const DeliveryStatistics found = service().statistics(alice, subscription.id).value();
    CHECK(found.attempts == 2);
    CHECK(found.successes == 1);
    CHECK(found.waiting == 1);
    CHECK(found.last_failure == clock->now());
}

// ---- Access control.

TEST_CASE_METHOD(SendingAgainFixture, "no user reaches another's subscription, nor an absent one") {
    const EventId id = fail();
    const auto [who, which, what] = GENERATE_REF(table<Principal, SubscriptionId, EventId>({
        {bob, subscription.id, id},
        {alice, SubscriptionId{99}, id},
    }));
    CHECK(service().event(who, which, what).error() == Errc::not_found);
    CHECK(service().retry_event(who, which, what).error() == Errc::not_found);
    CHECK(service().recover(who, which, Time{}).error() == Errc::not_found);
    CHECK(service().rotate_secret(who, which, {}, -1s).error() == Errc::not_found);
    CHECK(service().statistics(who, which).error() == Errc::not_found);
    CHECK(service().event(alice, subscription.id, {99}).error() == Errc::not_found);
    CHECK(retry({99}).error() == Errc::not_found);
    CHECK(service().event(admin, subscription.id, id));
    CHECK(service().retry_event(admin, subscription.id, id));
}

// ---- Special cases.

TEST_CASE_METHOD(SendingAgainFixture, "a resent event goes before others, even during a pause") {
    const EventId failed = fail();
    transport->respond([](const OutgoingRequest&) {
        return TransportAnswer{
            .kind = TransportAnswer::Kind::answered, .status_code = 503, .retry_after = "3600"};
    });
    for (int i = 0; i < 5; ++i)
        publish(std::to_string(i));
    settle();
    const std::size_t before = transport->requests().size();
    transport->respond_with_status(200);
    advance(10s);
    REQUIRE(transport->requests().size() == before);

    retry(failed).value();
    settle();
    CHECK(history(failed).event.is_success);
    REQUIRE(transport->requests().size() > before);
    CHECK(transport->requests()[before].webhook_id == transport->requests()[0].webhook_id);
    // The probe succeeded: the pause also ends for the others.
    CHECK(service().statistics(alice, subscription.id).value().waiting == 0);
}

TEST_CASE_METHOD(SendingAgainFixture, "statistics show no pause that is over") {
    transport->respond([](const OutgoingRequest&) {
        return TransportAnswer{.kind = TransportAnswer::Kind::answered, .status_code = 503};
    });
    publish();
    settle();
    CHECK(service().statistics(alice, subscription.id).value().paused_until ==
          clock->now() + options.breaker_pause);
    advance(options.breaker_pause);
    CHECK_FALSE(service().statistics(alice, subscription.id).value().paused_until);
}

TEST_CASE_METHOD(SendingAgainFixture,
                 "a publication that is repeated after it expired returns the first receipt") {
    Publication publication{.event_type = "order.created",
                            .payload = "{}",
                            .idempotency_key = "key",
                            .expires_at = clock->now() + 10s};
    const PublishReceipt first = service().publish(alice, publication).value();
    advance(20s);
    const PublishReceipt again = service().publish(alice, publication).value();
    CHECK(again.is_replay);
    CHECK(again.event_ids == first.event_ids);
    publication.idempotency_key.clear();
    CHECK(service().publish(alice, publication).error() == Errc::invalid_argument);
}

TEST_CASE_METHOD(SendingAgainFixture,
                 "a rotation generates a secret of the kind that it replaces") {
    CHECK(service()
              .rotate_secret(alice, subscription.id)
              .value()
              .secret.reveal()
              .starts_with("whsec_"));
    change({.secret = make_signing_key().value()});
    CHECK(service()
              .rotate_secret(alice, subscription.id)
              .value()
              .secret.reveal()
              .starts_with("whsk_"));
}

}  // namespace webhooks::testing
