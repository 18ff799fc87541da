// The effect of hostile endpoints on a healthy one: p99 from publish to request is at most twice
// its undisturbed value plus 250 ms (docs/delivery.md, "Fairness and limits"). The undisturbed
// value is that of a second service without hostile endpoints, measured at the same time. The 250
// ms apply to an idle machine: they grow with the time spent waiting for a processor.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <delivery/running_service.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <support/dns_server.hpp>
#include <vector>
#include <webhooks/forwarding_storage.hpp>

namespace webhooks::testing {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// The full size, or the fraction of it set in WEBHOOKS_TEST_SCALE (0.1, for example, for a
/// sanitizer build, where everything takes ten times as long).
std::size_t scaled(std::size_t full) {
    const char* scale = std::getenv("WEBHOOKS_TEST_SCALE");
    return scale ? static_cast<std::size_t>(static_cast<double>(full) * std::stod(scale)) : full;
}

/// How long this process's threads have run, and waited for a processor.
struct ProcessorTime {
    double run = 0;
    double wait = 0;

    static ProcessorTime now() {
        ProcessorTime sum;
        for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
            std::ifstream file(thread.path() / "schedstat");
            double run = 0;
            double wait = 0;
            if (!(file >> run >> wait)) continue;
            sum.run += run;
            sum.wait += wait;
        }
        return sum;
    }

    /// How many times longer than on an idle processor things have taken since then.
    double stretch_since(const ProcessorTime& before) const {
        const double ran = run - before.run;
        return ran > 0 ? 1 + std::max(0.0, wait - before.wait) / ran : 1;
    }
};

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
    Result<Claim> claim(WorkerId self, std::size_t limit, std::int64_t number) override {
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

/// A service's healthy endpoint, and how long its events take from publish to request.
class HealthyEndpoint {
public:
    HealthyEndpoint(RunningService& host, const std::string& name)
        : host_(host), port_(server_.open({})) {
        host_.subscribe("healthy.event", port_, name);
    }

    /// Does not wait for storage: one service must not delay the events of the other.
    void publish(std::chrono::steady_clock::time_point at) {
        host_.service().async_publish(
            admin, {.event_type = "healthy.event", .payload = std::to_string(published_at_.size())},
            [this](const auto& receipt) { refused_ += receipt ? 0 : 1; });
        published_at_.push_back(at);
    }

    std::size_t published() const { return published_at_.size(); }
    bool wait() { return server_.wait_for_arrivals(port_, published_at_.size(), 20s); }

    /// @return the 99th percentile of the time from publish to request, without the first events
    milliseconds p99(std::size_t skipped) const {
        std::vector<milliseconds> latencies;
        for (const Arrival& arrival : server_.arrivals(port_)) {
            const std::size_t number = std::stoul(arrival.body);
            if (number < skipped) continue;
            latencies.push_back(duration_cast<milliseconds>(arrival.at - published_at_[number]));
        }
        std::ranges::sort(latencies);
        return latencies.at(latencies.size() * 99 / 100);
    }

    void check_that_each_arrived_once() const {
        std::set<std::string> bodies;
        const std::vector<Arrival> arrivals = server_.arrivals(port_);
        for (const Arrival& arrival : arrivals) {
            bodies.insert(arrival.body);
        }
        CHECK(refused_ == 0);
        CHECK(bodies.size() == published_at_.size());
        CHECK(arrivals.size() == published_at_.size());
    }

private:
    RunningService& host_;
    HostileServer server_;  ///< Its own: hostile endpoints do not keep its thread busy.
    const HostileServer::Port port_;
    std::vector<std::chrono::steady_clock::time_point> published_at_;
    std::atomic<int> refused_ = 0;
};

/// A service with small limits, for which a test sets up disturbances next to a healthy endpoint,
/// and its control, which has only the healthy endpoint.
struct IsolationFixture : RunningService {
    RunningService control;
    std::shared_ptr<WatchedStorage> watched;
    std::optional<HealthyEndpoint> healthy;
    std::optional<HealthyEndpoint> undisturbed;

    // The services are destroyed first: they may still deliver to the endpoints.
    ~IsolationFixture() {
        running.reset();
        control.running.reset();
    }

    void keep_both_in(Place place) {
        keep_in(place);
        control.keep_in(place);
    }

    void begin(const std::string& healthy_host = "127.0.0.1") {
        options.max_events_in_memory = 2000;
        options.max_publish_queue = 200'000;
        control.options = options;
        control.transport = transport;
        watched = std::make_shared<WatchedStorage>(storage);
        storage = watched;
        start();
        control.start();
        healthy.emplace(*this, healthy_host);
        undisturbed.emplace(control, healthy_host);
        load(100ms);  // They prove themselves.
    }

    /// Publishes a hundred events in a second to each healthy endpoint, at fixed times, as many
    /// independent hosts would, and waits until all have arrived.
    void load(milliseconds span) {
        const auto end = std::chrono::steady_clock::now() + span;
        for (auto at = end - span; at < end; at += 10ms) {
            std::this_thread::sleep_until(at);  // The pace of a load, not a wait for a result.
            healthy->publish(at);
            undisturbed->publish(at);
        }
        REQUIRE(healthy->wait());
        REQUIRE(undisturbed->wait());
    }

    void check_isolation(milliseconds span = 3s) {
        const std::size_t before = healthy->published();
        const ProcessorTime begun = ProcessorTime::now();
        load(span);
        const double stretch = ProcessorTime::now().stretch_since(begun);
        const milliseconds disturbed = healthy->p99(before);
        const milliseconds control_p99 = undisturbed->p99(before);
        WARN("p99 undisturbed " << control_p99.count() << " ms, disturbed " << disturbed.count()
                                << " ms, stretched by " << stretch << "; at most "
                                << watched->max_held() << " events held");
        CHECK(disturbed <= 2 * control_p99 + duration_cast<milliseconds>(250ms * stretch));
        healthy->check_that_each_arrived_once();
        // Released but unwritten events count too: hence twice the limit.
        CHECK(watched->max_held() <= 2 * static_cast<std::int64_t>(options.max_events_in_memory));
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

TEST_CASE_METHOD(IsolationFixture, "5,000 dead endpoints do not delay a healthy one", "[slow]") {
    const Place place = GENERATE(Place::memory, Place::sqlite);
    CAPTURE(place);
    keep_both_in(place);
    const bool on_disk = place != Place::memory;
    begin();
    const HostileServer::Port silent = server.open({.bytes = ""});
    // On disk each one takes a commit to set up.
    const std::size_t count = scaled(on_disk ? 1000 : 5000);
    for (std::size_t i = 0; i < count; ++i) {
        subscribe("dead.event", silent, loopback_host(i));
    }
    // Events that are written to disk slow down others, with or without dead endpoints: the control
    // has as many, for endpoints that answer.
    const HostileServer::Port lively = control.server.open({});
    for (std::size_t i = 0; on_disk && i < count; ++i) {
        control.subscribe("dead.event", lively, loopback_host(i));
    }
    for (int i = 0; i < 3; ++i) {
        publish("dead.event");
        if (on_disk) control.publish("dead.event");
    }
    check_isolation(5s);  // So that deferred events come back in time.
    CHECK(server.arrivals(silent).size() >= std::min<std::size_t>(count, 256));
}

TEST_CASE_METHOD(IsolationFixture, "50 names whose lookup hangs do not delay a healthy one",
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
    CHECK(names.asked("healthy.example.com") > 2);
}

TEST_CASE_METHOD(IsolationFixture,
                 "a queue of 100,000 delays neither a healthy endpoint nor 1,000 with one event",
                 "[slow]") {
    const Place place = GENERATE(from_range(places.begin(), places.end()));
    CAPTURE(place);
    keep_both_in(place);
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
    CHECK(server.arrivals(others).size() == count);
    CHECK(server.arrivals(slow).size() < backlog);
}

TEST_CASE_METHOD(IsolationFixture,
                 "1,000 endpoints that begin to answer 500 do not delay a healthy one", "[slow]") {
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
    CHECK(server.arrivals(stormy).size() >= 2 * count);
}

TEST_CASE_METHOD(
    IsolationFixture,
    "1,000 endpoints of one user, silent, slow or without an end, delay no other user's",
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
    check_isolation(12s);  // By then slow ones have answered, and count as proven.
    for (const HostileServer::Port port : ports) {
        CHECK(server.arrivals(port).size() > 0);
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
