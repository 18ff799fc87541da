// Encrypted payloads and responses, on each SQL storage.

#include <contract/payload_fixture.hpp>
#include <future>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

TransportAnswer failed_answer() {
    auto details = std::make_shared<AttemptDetails>();
    details->response_headers = {{"server", payload_canary + "-header"}};
    return {.kind = TransportAnswer::Kind::answered,
            .status_code = 500,
            .body = payload_canary + "-response",
            .details = details};
}

template <class Place>
void check_that_nothing_is_plain() {
    PayloadFixture<Place> test;
    test.transport->respond([](const OutgoingRequest&) { return failed_answer(); });
    const EventId id = test.publish(payload_canary, alice, "key");
    test.deliver();
    REQUIRE(test.transport->requests().size() == 1);
    CHECK(*test.transport->requests()[0].body == payload_canary);
    const EventHistory found = test.history(id);
    CHECK(found.event.payload == payload_canary);
    CHECK(found.event.response == payload_canary + "-response");
    CHECK_FALSE(found.event.is_payload_gone);
    CHECK_FALSE(found.event.is_unreadable);
    CHECK(found.attempts.at(0).response == payload_canary + "-response");
    CHECK(found.attempts.at(0).details->response_headers ==
          Headers{{"server", payload_canary + "-header"}});
    CHECK(test.running->all_events(alice).value().items.at(0).payload == payload_canary);
    CHECK(test.running->subscriptions(alice, {.include_events = true})
              .value()
              .items.at(0)
              .recent_events.at(0)
              .payload == payload_canary);
    CHECK_FALSE(test.place.contains(payload_canary));

    // What waits is read by the next worker.
    test.start();
    test.transport->respond_with_status(200);
    test.deliver(1h);
    CHECK(*test.transport->requests().back().body == payload_canary);
    CHECK(test.event(id).is_success);
    CHECK_FALSE(test.place.contains(payload_canary));
}

template <class Place>
void check_keys_of_users() {
    PayloadFixture<Place> test;
    const SubscriptionId of_bob = test.subscribe(bob);
    test.transport->respond([](const OutgoingRequest&) { return failed_answer(); });
    const EventId of_alice = test.publish("for alice");
    const EventId shared = test.publish("for everyone", admin);
    test.deliver();
    // Of alice: a message and two responses. Of bob: a response. Of all users: a message.
    CHECK(test.text("SELECT count(*) FROM webhooks_data_key WHERE user_id IS NOT NULL") == "3");
    CHECK(test.text("SELECT user_id FROM webhooks_data_key k JOIN webhooks_message m "
                    "ON m.key_id = k.id WHERE m.id = " +
                    std::to_string(shared.value)) == "");

    CHECK(test.running->shred_user(admin, "").error() == Errc::invalid_argument);
    CHECK(test.running->shred_user(alice, "alice").error() == Errc::forbidden);
    CHECK(test.running->shred_user(admin, "nobody").value() == 0);
    CHECK(test.running->shred_user(admin, "alice").value() == 1);
    const Event gone = test.event(of_alice);
    CHECK(gone.is_payload_gone);
    CHECK_FALSE(gone.is_unreadable);
    CHECK(gone.payload.empty());
    CHECK(gone.response == "");
    const Event kept = test.event(shared);
    CHECK(kept.payload == "for everyone");
    CHECK_FALSE(kept.is_payload_gone);
    CHECK(kept.response == "");
    const Event others = test.running->events(bob, of_bob).value().items.at(0);
    CHECK(others.payload == "for everyone");
    CHECK(others.response == payload_canary + "-response");

    // What waited is not sent; a new publication has a new key.
    test.transport->respond_with_status(200);
    test.clock->advance(1s);
    const EventId later = test.publish("again");
    test.deliver(1h);
    test.deliver(1h);
    CHECK(test.event(of_alice).error_message == "cancelled: its payload was destroyed");
    CHECK(test.event(shared).is_success);
    CHECK(test.event(later).payload == "again");
    CHECK(test.event(later).is_success);
    const AuditRecord record =
        test.running->audit(admin, {.filter = Filter::parse("action eq 'user.shredded'").value()})
            .value()
            .items.at(0);
    CHECK(record.object_type == "user");
    CHECK(record.object_id == "alice");
    CHECK(record.user_id == "alice");
    CHECK(test.running->shred_user(admin, "alice").value() == 1);
}

template <class Place>
void check_changed_values() {
    PayloadFixture<Place> test;
    test.transport->respond([](const OutgoingRequest&) { return failed_answer(); });
    const EventId id = test.publish();
    const EventId other = test.publish();
    test.deliver();
    const std::string number = std::to_string(id.value);
    const std::string stored =
        test.text("SELECT payload FROM webhooks_message WHERE id = " + number);
    const auto store = [&](const std::string& value) {
        test.change("UPDATE webhooks_message SET payload = '" + value + "' WHERE id = " + number);
    };
    std::string changed = stored;
    changed[20] = changed[20] == 'A' ? 'B' : 'A';
    store(changed);
    const std::vector<Event> events = test.running->all_events(admin).value().items;
    CHECK(events.at(0).is_unreadable);
    CHECK(events.at(0).payload.empty());
    CHECK(events.at(0).response == payload_canary + "-response");
    CHECK_FALSE(events.at(1).is_unreadable);
    // Moved from another event of the same user it is not noticed, but of another user it is.
    test.change("UPDATE webhooks_data_key SET user_id = 'bob' WHERE user_id = 'alice'");
    test.start();
    CHECK(test.event(other).is_unreadable);
    test.change("UPDATE webhooks_data_key SET user_id = 'alice' WHERE user_id = 'bob'");
    test.start();
    test.transport->respond_with_status(200);
    test.deliver(1h);
    CHECK(test.event(id).error_message == "cancelled: its stored payload was changed");
    CHECK(test.event(other).is_success);
    for (const MetricFamily& family : test.running->metrics().value()) {
        if (family.name == "webhooks_corrupt_payloads") CHECK(family.samples.at(0).value == 1);
    }
}

template <class Place>
void check_failing_provider() {
    PayloadFixture<Place> test;
    test.transport->respond([](const OutgoingRequest&) { return failed_answer(); });
    const EventId of_alice = test.publish();
    test.subscribe(bob);
    test.deliver();
    // Where no data key of the user is in memory, publishing needs the provider; others go on.
    for (int call = 1; call <= 2; ++call) {
        test.keys->calls = 0;
        test.keys->failing_call = call;
        const Result<PublishReceipt> receipt =
            test.running->publish(bob, {.event_type = "order.created", .payload = "b"});
        if (call > 1) CHECK(receipt);
        if (call == 1) CHECK(receipt.error() == Errc::unavailable);
        test.publish();
    }
    test.keys->failing_call = 0;
    test.deliver();
    CHECK(test.event(of_alice).payload == payload_canary);

    // A process that has no keys in memory yet reads nothing, and sends nothing.
    test.start();
    test.transport->respond_with_status(200);
    const std::size_t before = test.transport->requests().size();
    test.keys->is_down = true;
    CHECK(test.running->event(admin, of_alice).error() == Errc::unavailable);
    CHECK(test.running->all_events(admin).error() == Errc::unavailable);
    CHECK(test.running->all_events(admin, {.take = 0}));
    test.deliver(1h);
    CHECK(test.transport->requests().size() == before);
    test.keys->is_down = false;
    CHECK(test.event(of_alice).retry_count == 0);
    CHECK(test.event(of_alice).next_retry_at);
    for (int i = 0; i < 5; ++i) {
        test.deliver();
    }
    CHECK(test.event(of_alice).is_success);
}

template <class Place>
void check_searches() {
    PayloadFixture<Place> test;
    test.publish();
    for (const char* filter : {"contains(payload, 'a')", "id gt 0 and not (response eq null)",
                               "tolower(payload) eq 'a'"}) {
        const Error error =
            test.running->all_events(admin, {.filter = Filter::parse(filter).value()}).error();
        CHECK(error == Errc::invalid_argument);
        CHECK(error.fields().at(0).field == "filter");
        CHECK(error.fields().at(0).message.ends_with(" cannot be searched: encrypted"));
    }
    const Error sorted = test.running->all_events(admin, {.sort = {{.field = "payload"}}}).error();
    CHECK(sorted.fields().at(0).field == "sort");
    CHECK(test.running->all_events(
        admin, {.filter = Filter::parse("id gt 0").value(), .select = {"payload", "response"}}));
}

template <class Place>
void check_turning_it_on_and_off() {
    PayloadFixture<Place> test;
    const EncryptionOptions encrypted = std::exchange(test.encryption, {});
    // The fixture has opened it with keys, which only secrets have used yet.
    test.encryption = {.keys = test.keys};
    test.start();
    const EventId plain = test.publish("plain", alice, "one");
    test.encryption = encrypted;
    test.start();
    CHECK(test.publish("plain", alice, "one") == plain);
    CHECK(
        test.running
            ->publish(alice,
                      {.event_type = "order.created", .payload = "other", .idempotency_key = "one"})
            .error() == Errc::conflict);
    const EventId sealed = test.publish("sealed", alice, "two");
    CHECK(test.publish("sealed", alice, "two") == sealed);
    CHECK(test.text("SELECT count(*) FROM webhooks_message WHERE key_id = 0") == "1");

    test.encryption = {.keys = test.keys};
    test.start();
    CHECK(test.event(sealed).payload == "sealed");
    CHECK(test.event(plain).payload == "plain");
    CHECK(test.event(test.publish("third")).payload == "third");
    CHECK(test.text("SELECT count(*) FROM webhooks_message WHERE key_id = 0") == "2");
    CHECK(test.running->all_events(admin, {.sort = {{.field = "payload"}}}).error() ==
          Errc::invalid_argument);
}

template <class Place>
void check_rotation_under_load() {
    PayloadFixture<Place> test;
    test.publish();
    test.keys->add("k2");
    const auto changes = std::async(std::launch::async, [&] {
        std::size_t count = 0;
        for (int i = 0; i < 20; ++i) {
            count += test.running->rewrap_data_keys(admin).value();
            count += test.running->shred_user(admin, "alice").value();
        }
        return count;
    });
    std::vector<EventId> published;
    while (changes.wait_for(0s) != std::future_status::ready) {
        published.push_back(test.publish());
        test.deliver();
    }
    // Each ended: delivered, or destroyed before it was sent.
    test.deliver();
    for (const EventId id : published) {
        const Event event = test.event(id);
        CHECK((event.is_success || event.error_message == "cancelled: its payload was destroyed"));
        CHECK((event.is_payload_gone || event.payload == payload_canary));
    }
    CHECK(test.running->rewrap_data_keys(admin).value() == 0);
    test.keys->remove("k1");
    test.start();
    CHECK(test.event(test.publish("last")).payload == "last");
}

}  // namespace

#ifdef WEBHOOKS_TEST_SQLITE
TEST_CASE("no payload, response or response header is in the files of an encrypted database") {
    check_that_nothing_is_plain<SqlitePlace>();
}
TEST_CASE("payloads are encrypted under keys of their users, and go with them") {
    check_keys_of_users<SqlitePlace>();
}
TEST_CASE("a changed payload is not sent, and others are") {
    check_changed_values<SqlitePlace>();
}
TEST_CASE("without the key provider, what needs a new key waits and the rest goes on") {
    check_failing_provider<SqlitePlace>();
}
TEST_CASE("encrypted payloads cannot be searched") {
    check_searches<SqlitePlace>();
}
TEST_CASE("encryption of payloads can be turned on and off while a log exists") {
    check_turning_it_on_and_off<SqlitePlace>();
}
TEST_CASE("data keys are rewrapped and destroyed while events are delivered") {
    check_rotation_under_load<SqlitePlace>();
}

TEST_CASE_METHOD(PayloadFixture<SqlitePlace>,
                 "a data key of a user is replaced after 30 days, and still decrypts") {
    const EventId first = publish("first");
    clock->advance(31 * 24h);
    start();
    const EventId second = publish("second");
    CHECK(text("SELECT count(*) FROM webhooks_data_key WHERE user_id = 'alice'") == "2");
    CHECK(event(first).payload == "first");
    CHECK(event(second).payload == "second");
}

TEST_CASE_METHOD(PayloadFixture<SqlitePlace>,
                 "a destroyed data key is nowhere in the files of the database") {
    publish();
    const std::string wrapped =
        text("SELECT wrapped FROM webhooks_data_key WHERE user_id = 'alice'");
    CHECK(place.contains(wrapped));
    running->shred_user(admin, "alice").value();
    CHECK_FALSE(place.contains(wrapped));
}

TEST_CASE_METHOD(PayloadFixture<SqlitePlace>,
                 "a database with encrypted payloads does not open without keys") {
    publish();
    running.reset();
    storage.reset();
    const Error error = make_sqlite_storage({.path = place.path}).error();
    CHECK(error == Errc::invalid_argument);
    CHECK(error.detail().find("EncryptionOptions::keys") != std::string::npos);
}
#endif

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
TEST_CASE("no payload, response or response header is in the tables of an encrypted database",
          "[postgresql]") {
    check_that_nothing_is_plain<PostgresqlPlace>();
}
TEST_CASE("on PostgreSQL payloads are encrypted under keys of their users, and go with them",
          "[postgresql]") {
    check_keys_of_users<PostgresqlPlace>();
}
TEST_CASE("on PostgreSQL a changed payload is not sent, and others are", "[postgresql]") {
    check_changed_values<PostgresqlPlace>();
}
TEST_CASE("on PostgreSQL, without the key provider what needs a new key waits", "[postgresql]") {
    check_failing_provider<PostgresqlPlace>();
}
TEST_CASE("on PostgreSQL encryption of payloads can be turned on and off", "[postgresql]") {
    check_searches<PostgresqlPlace>();
    check_turning_it_on_and_off<PostgresqlPlace>();
}
TEST_CASE("on PostgreSQL data keys are rewrapped and destroyed while events are delivered",
          "[postgresql]") {
    check_rotation_under_load<PostgresqlPlace>();
}

TEST_CASE_METHOD(PayloadFixture<PostgresqlPlace>,
                 "another worker hears that the payloads of a user were destroyed",
                 "[postgresql]") {
    const EventId id = publish();
    const std::shared_ptr<Storage> other = place.open(encryption, clock);
    CHECK(other->find_any_event(admin, id, {}).value().event.payload == payload_canary);
    const Worker worker = other->register_worker(10s).value();
    const std::int64_t before = other->heartbeat(worker.id).value().last_notice;
    running->shred_user(admin, "alice").value();
    const std::vector<Notice> notices = other->notices(before).value();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].shredded_user == "alice");
    CHECK(other->find_any_event(admin, id, {}).value().event.is_payload_gone);
}

#endif

}  // namespace webhooks::testing
