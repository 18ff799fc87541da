// A worker that was suspended past its own lease, as by SIGSTOP, and then continues.

#include <algorithm>
#include <unit/service/fixture.hpp>
#include <webhooks/forwarding_storage.hpp>
#include <webhooks/testing/faulty_storage.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// A storage that this worker's heartbeats do not reach while a test says so.
class UnconfirmingStorage final : public ForwardingStorage {
public:
    using ForwardingStorage::ForwardingStorage;

    bool confirms = true;
    int take_overs = 0;

    Result<Heartbeat> heartbeat(WorkerId self) override {
        if (!confirms) return Error(Errc::unavailable, "no answer");
        return ForwardingStorage::heartbeat(self);
    }
    Result<std::size_t> take_over(WorkerId self, std::size_t limit) override {
        ++take_overs;
        return ForwardingStorage::take_over(self, limit);
    }
};

struct FencingLog final : Observer {
    void on_fenced(std::size_t results) noexcept override { fenced.push_back(results); }
    std::vector<std::size_t> fenced;
};

/// A worker with one request in flight and two events that wait for the same host.
struct LeaseFixture : ServiceFixture {
    const std::shared_ptr<Storage> shared = storage;
    std::shared_ptr<UnconfirmingStorage> unconfirming =
        std::make_shared<UnconfirmingStorage>(shared);
    std::shared_ptr<FencingLog> fencing = std::make_shared<FencingLog>();
    Subscription subscription;
    std::vector<EventId> events;

    LeaseFixture() {
        running.reset();
        storage = unconfirming;
        observer = fencing;
        open();
        subscription = subscribe();
        transport->respond([](const OutgoingRequest&) { return std::nullopt; });
        for (int i = 0; i < 3; ++i) {
            events.push_back(publish(std::to_string(i)));
        }
        settle();
        REQUIRE(transport->requests().size() == 1);
    }

    void answer_what_is_under_way() {
        for (const Transport::Token token : transport->in_flight()) {
            transport->answer(token, {.kind = TransportAnswer::Kind::answered, .status_code = 200});
        }
        settle();
    }

    std::vector<Attempt> attempts(EventId id) {
        return shared->find_event(alice, subscription.id, id).value().attempts;
    }
};

}  // namespace

TEST_CASE_METHOD(LeaseFixture, "a worker past its lease starts nothing until storage confirms it") {
    unconfirming->confirms = false;
    SECTION("while its lease holds, it continues") {
        advance(9s);
        answer_what_is_under_way();
        CHECK(transport->requests().size() == 3);
    }
    SECTION("once its lease has expired, not before it is confirmed") {
        SECTION("having tried all the while") {
            for (int second = 0; second < 10; ++second) {
                advance(1s);
            }
        }
        SECTION("having been suspended") {
            clock->advance(1h);
        }
        answer_what_is_under_way();
        advance(1s);
        CHECK(transport->requests().size() == 1);

        unconfirming->confirms = true;
        advance(1s);
        CHECK(transport->requests().size() == 3);
        answer_what_is_under_way();
        for (const EventId id : events) {
            CHECK(event(subscription.id, id).is_success);
        }
    }
    CHECK(fencing->fenced.empty());
}

TEST_CASE_METHOD(LeaseFixture, "late results of a worker that was taken over change no row") {
    auto other_transport = std::make_shared<FakeTransport>();
    other_transport->respond_with_status(500);
    WebhookService other =
        WebhookService::open({.storage = shared, .transport = other_transport, .clock = clock},
                             options)
            .value();
    // The first one is suspended until it is taken over and the other one has attempted its events.
    for (int second = 0; second < 14; ++second) {
        clock->advance(1s);
        while (other.run_once().value() > 0) {
        }
    }
    REQUIRE(other_transport->requests().size() == 3);
    const std::string id_of_first = transport->requests().front().webhook_id;
    CHECK(other_transport->requests().front().webhook_id == id_of_first);

    // It continues, and gets its response before it learns that it is dead.
    unconfirming->confirms = false;
    answer_what_is_under_way();
    CHECK(transport->requests().size() == 1);
    CHECK(fencing->fenced.empty());
    unconfirming->confirms = true;
    advance(1s);
    CHECK(fencing->fenced == std::vector<std::size_t>{1});
    CHECK(transport->requests().size() == 1);
    for (const EventId id : events) {
        const std::vector<Attempt> rows = attempts(id);
        REQUIRE(rows.size() == 1);
        CHECK(rows.front().status_code == 500);
        CHECK(rows.front().outcome == Outcome::retry);
    }

    // Under its new identity it works as before.
    advance(1s);
    transport->respond_with_status(200);
    const EventId fresh = publish("fresh");
    settle();
    CHECK(transport->requests().size() == 2);
    CHECK(event(subscription.id, fresh).is_success);
    advance(4s);
    for (const EventId id : events) {
        CHECK(event(subscription.id, id).is_success);
        CHECK(attempts(id).size() == 2);
    }
    CHECK(fencing->fenced.size() == 1);
}

TEST_CASE_METHOD(LeaseFixture, "taking over a lot leaves time for publications in between") {
    auto other_transport = std::make_shared<FakeTransport>();
    WebhookService other =
        WebhookService::open({.storage = shared, .transport = other_transport, .clock = clock},
                             options)
            .value();
    for (int i = 0; i < 2500; ++i) {
        other.publish(alice, {.event_type = "order.created", .payload = "{}"}).value();
    }
    transport->respond_with_status(200);
    answer_what_is_under_way();
    // The other one is suspended from here on.
    int max_in_one_step = 0;
    for (int second = 0; second < 14; ++second) {
        clock->advance(1s);
        for (bool is_busy = true; is_busy;) {
            const int before_step = unconfirming->take_overs;
            is_busy = service().run_once().value() > 0;
            max_in_one_step = std::max(max_in_one_step, unconfirming->take_overs - before_step);
        }
    }
    CHECK(max_in_one_step == 1);
    CHECK(transport->requests().size() == 2503);
}

TEST_CASE_METHOD(ServiceFixture, "without an identity nothing is sent") {
    const auto faulty = std::make_shared<FaultyStorage>(make_memory_storage(clock));
    storage = faulty;
    running.reset();
    open();
    const Subscription subscription = subscribe();
    const EventId id = publish();
    // Its own clock says that the lease goes on, and another worker may have the event already.
    faulty->retire_worker({1}).value();
    faulty->break_calls(
        {.count = FaultyStorage::indefinitely, .only = ForwardingStorage::Call::register_worker});
    advance(2s);
    CHECK(transport->requests().empty());

    faulty->repair();
    for (int i = 0; i < 3; ++i)
        advance(1s);
    CHECK(event(subscription.id, id).is_success);
    CHECK(transport->requests().size() == 1);
}

}  // namespace webhooks::testing
