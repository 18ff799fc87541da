// Several services in one process, on one PostgreSQL database.

#include <contract/storages.hpp>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

#include <map>
#include <set>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/testing/faulty_storage.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// A manually driven service with its own storage object.
struct Server {
    Server(const OnPostgresql& place, std::shared_ptr<ManualClock> clock)
        : storage(std::make_shared<FaultyStorage>(
              make_postgresql_storage(place.options(clock)).value())) {
        service.emplace(
            WebhookService::open({.storage = storage, .transport = transport, .clock = clock},
                                 {.retry_jitter = 0})
                .value());
        service->register_event_type({.name = "order.created", .description = ""}).value();
    }

    std::vector<EventId> publish(int count) {
        std::vector<EventId> events;
        for (int i = 0; i < count; ++i) {
            const PublishReceipt receipt =
                service->publish(alice, {.event_type = "order.created", .payload = "{}"}).value();
            events.insert(events.end(), receipt.event_ids.begin(), receipt.event_ids.end());
        }
        return events;
    }

    std::size_t settle() {
        std::size_t done = 0;
        while (const std::size_t now = service->run_once().value()) {
            done += now;
        }
        return done;
    }

    /// Its process ends, and with it its connections.
    void die() {
        storage->break_calls({.count = FaultyStorage::indefinitely});
        service.reset();
        storage.reset();
    }

    std::shared_ptr<FaultyStorage> storage;
    std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();
    std::optional<WebhookService> service;
};

struct ServersFixture {
    OnPostgresql place;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::shared_ptr<Storage> storage = place.make(clock);
    std::vector<std::unique_ptr<Server>> servers;
    SubscriptionId subscription{};

    explicit ServersFixture(int count = 3) {
        for (int i = 0; i < count; ++i) {
            servers.push_back(std::make_unique<Server>(place, clock));
        }
        subscription = servers[0]
                           ->service
                           ->create_subscription(alice, {.name = "mine",
                                                         .event_type = "order.created",
                                                         .url = "https://hooks.example.com/a"})
                           .value()
                           .id;
    }

    /// All living services work until none has anything to do.
    void settle() {
        std::size_t done = 1;
        while (done > 0) {
            done = 0;
            for (const auto& server : servers) {
                if (server->service) done += server->settle();
            }
        }
    }

    /// Time advances with every heartbeat in it.
    void advance(std::chrono::seconds by) {
        for (auto passed = 0s; passed < by; passed += 1s) {
            clock->advance(1s);
            settle();
        }
    }

    EventHistory history(EventId event) {
        return storage->find_event(alice, subscription, event).value();
    }

    /// How often each event was sent, by all servers together.
    std::map<std::string, int> sendings() const {
        std::map<std::string, int> sent;
        for (const auto& server : servers) {
            for (const OutgoingRequest& request : server->transport->requests()) {
                ++sent[request.webhook_id];
            }
        }
        return sent;
    }
};

}  // namespace

TEST_CASE_METHOD(ServersFixture, "three services deliver each event once", "[postgresql]") {
    std::vector<EventId> events;
    for (int round = 0; round < 10; ++round) {
        for (const auto& server : servers) {
            const std::vector<EventId> published = server->publish(3);
            events.insert(events.end(), published.begin(), published.end());
        }
        if (round % 3 == 0) settle();
    }
    advance(15s);
    CHECK(events.size() == 90);
    CHECK(std::set(events.begin(), events.end()).size() == events.size());
    CHECK(sendings().size() == events.size());
    for (const auto& [id, count] : sendings()) {
        CHECK(count == 1);
    }
    for (const EventId event : events) {
        CHECK(history(event).event.is_success);
    }
}

TEST_CASE_METHOD(ServersFixture, "a failure on one service is retried once, by any service",
                 "[postgresql]") {
    servers[0]->transport->respond_with_status(500);
    const std::vector<EventId> events = servers[0]->publish(5);
    settle();
    servers[0]->die();
    advance(30s);
    for (const EventId event : events) {
        const EventHistory found = history(event);
        CHECK(found.event.is_success);
        CHECK(found.attempts.size() == 2);
    }
}

TEST_CASE_METHOD(ServersFixture, "the events of a dead service are delivered by the others",
                 "[postgresql]") {
    Server& dead = *servers[0];
    const std::vector<EventId> delivered = dead.publish(4);
    settle();
    dead.transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    const std::vector<EventId> held = dead.publish(6);
    settle();
    const std::vector<EventId> others = servers[1]->publish(5);
    const std::size_t in_flight = dead.transport->in_flight().size();
    REQUIRE(in_flight > 0);
    dead.die();

    advance(9s);
    CHECK_FALSE(history(held.front()).event.is_success);
    advance(6s);
    for (const std::vector<EventId>& part : {delivered, held, others}) {
        for (const EventId event : part) {
            CHECK(history(event).event.is_success);
            CHECK(history(event).attempts.size() == 1);
        }
    }
    // Only requests in flight when it died were sent twice.
    std::size_t twice = 0;
    for (const auto& [id, count] : sendings()) {
        CHECK(count <= 2);
        if (count == 2) ++twice;
    }
    CHECK(twice == in_flight);
    int left = 0;
    for (const auto& server : servers) {
        if (!server->service) continue;
        server->service->stop(1s).value();
        server->service.reset();
        ++left;
    }
    CHECK(left == 2);
}

TEST_CASE_METHOD(ServersFixture, "a service that was taken over writes nothing more",
                 "[postgresql]") {
    Server& stalled = *servers[0];
    stalled.transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    const EventId event = stalled.publish(1).front();
    stalled.settle();
    REQUIRE(stalled.transport->in_flight().size() == 1);

    // It is suspended, and the others continue.
    for (int second = 0; second < 15; ++second) {
        clock->advance(1s);
        servers[1]->settle();
        servers[2]->settle();
    }
    REQUIRE(history(event).event.is_success);
    const Attempt before = history(event).attempts.at(0);
    const std::size_t received =
        servers[1]->transport->requests().size() + servers[2]->transport->requests().size();
    CHECK(received == 1);

    stalled.transport->answer(stalled.transport->in_flight().front(),
                              {.kind = TransportAnswer::Kind::answered, .status_code = 503});
    advance(5s);
    CHECK(history(event).event.is_success);
    CHECK(history(event).attempts.size() == 1);
    CHECK(history(event).attempts.at(0).sent_at == before.sent_at);

    // It continues under a new identity.
    stalled.transport->respond_with_status(200);
    const EventId next = stalled.publish(1).front();
    settle();
    CHECK(history(next).event.is_success);
}

}  // namespace webhooks::testing

#endif
