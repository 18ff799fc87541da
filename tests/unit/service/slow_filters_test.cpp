#include <algorithm>
#include <unit/service/fixture.hpp>
#include <webhooks/forwarding_storage.hpp>

namespace webhooks::testing {
namespace {

/// Tells what is called, in order.
class RecordingStorage final : public ForwardingStorage {
public:
    using ForwardingStorage::ForwardingStorage;

    Result<Heartbeat> heartbeat(WorkerId worker) override {
        calls.emplace_back("heartbeat");
        return ForwardingStorage::heartbeat(worker);
    }

    std::vector<std::string> calls;
};

struct SlowFiltersFixture : ServiceFixture {
    SlowFiltersFixture() {
        running.reset();
        recording = std::make_shared<RecordingStorage>(storage);
        storage = recording;
        transport = std::make_shared<FakeTransport>();
        open();
    }

    /// Filters of as many users that each take all steps that a user has.
    void subscribe_hostile(int users) {
        for (int i = 0; i < users; ++i) {
            service()
                .create_subscription(
                    Principal::user("user" + std::to_string(i)),
                    {.name = "hostile",
                     .event_type = "order.created",
                     .filter = "payload/any(x: payload/any(y: y eq " + std::to_string(i) + "))",
                     .url = "https://hooks.example.com/"})
                .value();
        }
    }

    /// Its receipt is recorded under a name.
    void begin(const std::string& name, Publication publication) {
        service().async_publish(admin, std::move(publication),
                                [this, name](const Result<PublishReceipt>& receipt) {
                                    recording->calls.push_back(receipt ? name : name + " failed");
                                });
    }

    std::size_t position(const std::string& call) const {
        const auto& calls = recording->calls;
        const auto found = std::ranges::find(calls, call);
        REQUIRE(found != calls.end());
        return static_cast<std::size_t>(found - calls.begin());
    }

    /// Lets the time of a heartbeat pass before each round.
    void run(std::size_t rounds) {
        for (std::size_t round = 0; round < rounds; ++round) {
            clock->advance(options.heartbeat_interval);
            service().run_once().value();
        }
    }

    static std::string heavy() {
        std::string items = "[-1";
        for (int i = 0; i < 400; ++i) {
            items += ",-1";
        }
        return items + "]";
    }

    std::shared_ptr<RecordingStorage> recording;
};

}  // namespace

TEST_CASE_METHOD(SlowFiltersFixture,
                 "while filters that take long are judged, others publish and heartbeats go on") {
    subscribe_hostile(12);
    subscribe(bob, "invoice.paid");
    recording->calls.clear();
    begin("slow", {.event_type = "order.created", .payload = heavy()});
    begin("quick", {.event_type = "invoice.paid", .payload = "{}"});
    run(1);
    begin("later", {.event_type = "invoice.paid", .payload = heavy()});
    run(10);
    CHECK(position("quick") < position("later"));
    CHECK(position("later") < position("slow"));
    const auto slow = recording->calls.begin() + static_cast<std::ptrdiff_t>(position("slow"));
    CHECK(std::count(recording->calls.begin(), slow, "heartbeat") >= 4);
}

TEST_CASE_METHOD(SlowFiltersFixture,
                 "what has the ordering key of a publication that is still judged waits for it") {
    subscribe_hostile(12);
    const SubscriptionId id = subscribe(bob, "*").id;
    begin("slow", {.event_type = "order.created", .payload = heavy(), .ordering_key = "a"});
    begin("same key", {.event_type = "invoice.paid", .payload = "{}", .ordering_key = "a"});
    begin("other key", {.event_type = "invoice.paid", .payload = "{}", .ordering_key = "b"});
    run(1);
    begin("same key, later", {.event_type = "invoice.paid", .payload = "1", .ordering_key = "a"});
    run(10);
    CHECK(position("other key") < position("slow"));
    CHECK(position("slow") < position("same key"));
    CHECK(position("same key") < position("same key, later"));
    settle();
    CHECK(service().events(bob, id, {}).value().items.size() == 4);
}

TEST_CASE_METHOD(SlowFiltersFixture, "a caller that waits gets its receipt after all turns") {
    subscribe_hostile(12);
    subscribe(bob, "order.created");
    const auto receipt =
        service().publish(admin, {.event_type = "order.created", .payload = heavy()}).value();
    CHECK(receipt.event_ids.size() == 1);
    const auto batch =
        service().publish_batch(admin, {{.event_type = "order.created", .payload = heavy()},
                                        {.event_type = "order.shipped", .payload = "{}"},
                                        {.event_type = "order.created", .payload = heavy()}});
    REQUIRE(batch.value().size() == 3);
    CHECK(batch.value()[2].event_ids.size() == 1);
}

TEST_CASE_METHOD(SlowFiltersFixture,
                 "publications whose filters take long are written before a service ends") {
    subscribe_hostile(12);
    subscribe(bob, "order.created");
    begin("slow", {.event_type = "order.created", .payload = heavy()});
    run(1);
    CHECK(std::ranges::find(recording->calls, "slow") == recording->calls.end());
    running.reset();
    CHECK(position("slow") > 0);
}

TEST_CASE_METHOD(SlowFiltersFixture,
                 "filters that are not judged are told to their owner and to the operator") {
    struct Lines final : Observer {
        void on_record(const LogRecord& record) override {
            if (record.event == LogEvent::filters_unjudged) lines.emplace_back(record.message);
        }
        std::vector<std::string> lines;
    };
    const auto lines = std::make_shared<Lines>();
    observer = lines;
    running.reset();
    transport = std::make_shared<FakeTransport>();
    open();
    subscribe_hostile(1);
    const Principal user = Principal::user("user0");
    const auto subscribe_with = [&](const Principal& owner, const std::string& filter) {
        return service()
            .create_subscription(owner, {.name = "n",
                                         .event_type = "order.created",
                                         .filter = filter,
                                         .url = "https://hooks.example.com/"})
            .value()
            .id;
    };
    const SubscriptionId late = subscribe_with(user, "payload");
    const SubscriptionId other = subscribe_with(bob, "payload/0 eq 1");
    service().publish(admin, {.event_type = "order.created", .payload = heavy()}).value();
    service().publish(admin, {.event_type = "order.created", .payload = heavy()}).value();
    REQUIRE(lines->lines.size() == 1);
    CHECK(lines->lines[0].find("2 were not judged") != std::string::npos);
    clock->advance(std::chrono::minutes(1));
    service().publish(admin, {.event_type = "order.created", .payload = heavy()}).value();
    REQUIRE(lines->lines.size() == 2);
    CHECK(lines->lines[1].find("4 were not judged") != std::string::npos);
    clock->advance(std::chrono::seconds(11));
    settle();
    CHECK(service().statistics(user, late).value().unjudged == 3);
    CHECK(service().statistics(user, late).value().filtered == 3);
    CHECK(service().statistics(bob, other).value().unjudged == 0);
    CHECK(service().statistics(bob, other).value().filtered == 3);
    const std::string metrics =
        format_metrics(service().metrics().value(), MetricsFormat::prometheus);
    CHECK(metrics.find("webhooks_filters_unjudged_total 6\n") != std::string::npos);
}

TEST_CASE_METHOD(SlowFiltersFixture,
                 "subscriptions that change while filters are judged are considered") {
    subscribe_hostile(12);
    begin("slow", {.event_type = "order.created", .payload = heavy()});
    run(1);
    const SubscriptionId id = subscribe(bob, "order.created").id;
    run(10);
    CHECK(position("slow") > 0);
    CHECK(service().events(bob, id, {}).value().items.size() == 1);
}

}  // namespace webhooks::testing
