// Hostile endpoints next to a healthy one, over real sockets: each event of the healthy endpoint
// arrives once while they are being served, and the memory for events stays within its limit. How
// soon it arrives is measured in virtual time, in unit/service/fairness_test.cpp.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <delivery/running_service.hpp>
#include <set>
#include <support/dns_server.hpp>
#include <vector>
#include <webhooks/forwarding_storage.hpp>

namespace webhooks::testing {
namespace {

/// The full size, or the fraction of it set in WEBHOOKS_TEST_SCALE (0.1, for example, for a
/// sanitizer build, where everything takes ten times as long).
std::size_t scaled(std::size_t full) {
    const char* scale = std::getenv("WEBHOOKS_TEST_SCALE");
    return scale ? static_cast<std::size_t>(static_cast<double>(full) * std::stod(scale)) : full;
}

/// A separate host for each number: 127.1.0.0 and up.
std::string loopback_host(std::size_t number) {
    return "127." + std::to_string(1 + number / 65'536) + "." + std::to_string(number / 256 % 256) +
           "." + std::to_string(number % 256);
}

/// Counts the events that the worker holds. A released event counts until its release is written.
class WatchedStorage final : public ForwardingStorage {
public:
    using ForwardingStorage::ForwardingStorage;

    std::int64_t max_held() const { return max_held_; }

    Result<BatchReceipt> write(WorkerId self, const Batch& batch) override {
        Result<BatchReceipt> receipt = ForwardingStorage::write(self, batch);
        if (!receipt) return receipt;
        std::int64_t change = -static_cast<std::int64_t>(batch.attempts.size());
        for (const CustodyChange& custody_change : batch.custody_changes) {
            if (custody_change.custody != Custody::in_memory) --change;
        }
        for (std::size_t i = 0; i < batch.appends.size(); ++i) {
            if (!batch.appends[i].due) change += receipt->appends[i]->count;
        }
        note(change);
        return receipt;
    }
    Result<Claim> claim(WorkerId self, ClaimLimit limit, std::int64_t number) override {
        Result<Claim> claim = ForwardingStorage::claim(self, limit, number);
        if (claim) note(static_cast<std::int64_t>(claim->events.size()));
        return claim;
    }
    Result<std::vector<HeldEvent>> claim_reserved(WorkerId self, SubscriptionId id,
                                                  std::size_t limit, std::int64_t number) override {
        auto events = ForwardingStorage::claim_reserved(self, id, limit, number);
        if (events) note(static_cast<std::int64_t>(events->size()));
        return events;
    }

private:
    void note(std::int64_t change) {
        held_ += change;
        max_held_ = std::max(max_held_.load(), held_);
    }

    std::int64_t held_ = 0;  ///< The storage thread's own.
    std::atomic<std::int64_t> max_held_ = 0;
};

/// A service with small limits, for which a test sets up disturbances next to a healthy endpoint.
struct IsolationFixture : RunningService {
    std::shared_ptr<WatchedStorage> watched;
    HostileServer healthy;  ///< Its own: hostile endpoints do not keep its thread busy.
    HostileServer::Port healthy_port = healthy.open({});
    std::size_t published = 0;
    std::atomic<int> rejected = 0;

    // The service is destroyed first: it may still deliver to the endpoints.
    ~IsolationFixture() { running.reset(); }

    void begin(const std::string& healthy_host = "127.0.0.1") {
        options.max_events_in_memory = 2000;
        options.max_publish_queue = 200'000;
        watched = std::make_shared<WatchedStorage>(storage);
        storage = watched;
        start();
        subscribe("healthy.event", healthy_port, healthy_host);
        load(10);  // It proves itself.
    }

    /// Publishes to the healthy endpoint, in bursts of a tenth of `count`, and waits until each
    /// burst has arrived.
    void load(std::size_t count) {
        for (int burst = 0; burst < 10; ++burst) {
            for (std::size_t i = 0; i < count / 10; ++i) {
                service().async_publish(
                    admin, {.event_type = "healthy.event", .payload = std::to_string(published++)},
                    [this](const auto& receipt) { rejected += receipt ? 0 : 1; });
            }
            REQUIRE(healthy.wait_for_arrivals(healthy_port, published, 20s));
        }
    }

    void check_isolation() {
        load(300);
        std::set<std::string> bodies;
        const std::vector<Arrival> arrivals = healthy.arrivals(healthy_port);
        for (const Arrival& arrival : arrivals) {
            bodies.insert(arrival.body);
        }
        CHECK(rejected == 0);
        CHECK(bodies.size() == published);
        CHECK(arrivals.size() == published);
        // An event that was released counts until that is written. Delivery begins nothing while
        // 5,000 results wait for storage, and one turn of it adds at most 1,000.
        const std::size_t max_unwritten = 6'000;
        CHECK(watched->max_held() <=
              static_cast<std::int64_t>(options.max_events_in_memory + max_unwritten));
    }

    /// Publishes this many events to the only subscription of a type, and waits until all are
    /// durable.
    void publish_backlog(const std::string& event_type, std::size_t count) {
        std::atomic<std::size_t> durable = 0;
        for (std::size_t i = 0; i < count; ++i) {
            service().async_publish(admin, {.event_type = event_type, .payload = "{}"},
                                    [&](const auto& receipt) { durable += receipt ? 1 : 0; });
        }
        REQUIRE(eventually([&] { return durable == count; }, 60s));
    }
};

}  // namespace

TEST_CASE_METHOD(IsolationFixture, "a healthy endpoint receives each event next to 5,000 dead ones",
                 "[slow]") {
    const Place place = GENERATE(Place::memory, Place::sqlite);
    CAPTURE(place);
    keep_in(place);
    begin();
    const HostileServer::Port silent = server.open({.bytes = ""});
    // On disk each one takes a commit to set up.
    const std::size_t count = scaled(place == Place::memory ? 5000 : 1000);
    for (std::size_t i = 0; i < count; ++i) {
        subscribe("dead.event", silent, loopback_host(i));
    }
    for (int i = 0; i < 3; ++i) {
        publish("dead.event");
    }
    check_isolation();
    CHECK(server.wait_for_arrivals(silent, std::min<std::size_t>(count, 256), 20s));
}

TEST_CASE_METHOD(IsolationFixture,
                 "a healthy endpoint receives each event next to 50 names whose lookup hangs",
                 "[slow]") {
    DnsServer names;
    transport.name_servers = {names.address()};
    transport.keep_alive = 0ms;  // So that the healthy one is looked up again too.
    names.set("healthy.example.com", {.addresses = {"127.0.0.1"}, .ttl = 1});
    begin("healthy.example.com");
    for (int i = 0; i < 50; ++i) {
        const std::string host = "hangs" + std::to_string(i) + ".example.com";
        names.set(host, {.manner = DnsServer::Manner::silent});
        subscribe("lost.event", 80, host);
    }
    for (int i = 0; i < 20; ++i) {
        publish("lost.event");
    }
    check_isolation();
    CHECK(names.asked("hangs0.example.com") > 0);
    // Its name is looked up again while the lookups of the others hang.
    CHECK(eventually([&] {
        load(10);
        return names.asked("healthy.example.com") > 2;
    }));
}

TEST_CASE_METHOD(
    IsolationFixture,
    "a healthy endpoint and 1,000 with one event receive each next to a queue of 100,000",
    "[slow]") {
    const Place place = GENERATE(from_range(places.begin(), places.end()));
    CAPTURE(place);
    keep_in(place);
    const bool on_disk = place != Place::memory;
    const std::size_t backlog = scaled(on_disk ? 20'000 : 100'000);
    begin();
    const HostileServer::Port slow = server.open({.delay = 50ms});
    subscribe("backlog.event", slow);
    const HostileServer::Port others = server.open({});
    const std::size_t count = scaled(on_disk ? 100 : 1000);
    for (std::size_t i = 0; i < count; ++i) {
        subscribe("other.event", others, loopback_host(i));
    }
    publish_backlog("backlog.event", backlog);
    publish("other.event");
    check_isolation();
    CHECK(server.wait_for_arrivals(others, count, 20s));
    CHECK(server.arrivals(slow).size() < backlog);
}

TEST_CASE_METHOD(IsolationFixture,
                 "a healthy endpoint receives each event next to 1,000 that begin to answer 500",
                 "[slow]") {
    begin();
    const HostileServer::Port stormy = server.open({});
    const std::size_t count = scaled(1000);
    for (std::size_t i = 0; i < count; ++i) {
        subscribe("storm.event", stormy, loopback_host(i));
    }
    publish("storm.event");
    REQUIRE(server.wait_for_arrivals(stormy, count, 20s));
    server.set(stormy, {.bytes = "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", .delay = 20ms});
    for (int i = 0; i < 3; ++i) {
        publish("storm.event");
    }
    check_isolation();
    CHECK(server.wait_for_arrivals(stormy, 2 * count, 20s));
}

TEST_CASE_METHOD(
    IsolationFixture,
    "a healthy endpoint receives each event next to 1,000 silent, slow or endless ones of a user",
    "[slow]") {
    transport.attempt_timeout = 15s;
    transport.connect_timeout = 5s;
    begin();
    const Principal tenant = Principal::user("tenant");
    const std::array ports = {
        server.open({.bytes = ""}),
        server.open({.delay = 10s}),
        server.open({.bytes = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"}),
    };
    const std::size_t count = scaled(1000);
    for (std::size_t i = 0; i < count; ++i) {
        subscribe("hostile.event", ports[i % ports.size()], loopback_host(i), tenant);
    }
    for (int i = 0; i < 20; ++i) {
        publish("hostile.event");
    }
    check_isolation();
    for (const HostileServer::Port port : ports) {
        CHECK(server.wait_for_arrivals(port, 1, 20s));
    }
}

TEST_CASE_METHOD(RunningService, "a proven endpoint that turns silent gives up its slots",
                 "[slow]") {
    transport.keep_alive = 0ms;  // Then a connection is a slot.
    start();
    const HostileServer::Port port = server.open({.delay = 20ms});
    const Subscription subscription = subscribe("fickle.event", port);
    for (int i = 0; i < 300; ++i) {
        publish("fickle.event");
    }
    REQUIRE(server.wait_for_arrivals(port, 100, 20s));
    CHECK(server.take_max_connections(port) >= options.max_in_flight_per_host);
    server.set(port, {.bytes = ""});
    // Requests in flight end without a response, each halves the host's limit, and from then on
    // there is one at a time.
    REQUIRE(eventually([&] {
        return service().subscription(admin, subscription.id).value().failing_since.has_value();
    }));
    REQUIRE(eventually([&] { return server.connections(port) <= 1; }));
    static_cast<void>(server.take_max_connections(port));
    REQUIRE(server.wait_for_arrivals(port, server.arrivals(port).size() + 2, 20s));
    CHECK(server.take_max_connections(port) <= 1);
}

}  // namespace webhooks::testing
