// What hostile endpoints cost a healthy one, in the time of a test's clock: an event of the healthy
// endpoint starts within 250 ms of its publication (docs/delivery.md, "Fairness and limits"). The
// clock passes only while everything waits, so that the measured times are those of waiting for
// slots, queues and memory, and are the same on each machine.

#include <algorithm>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

/// How an endpoint responds.
struct Manner {
    TransportAnswer answer = {.kind = TransportAnswer::Kind::answered, .status_code = 200};
    microseconds after = 5ms;
};

const TransportAnswer no_response{.kind = TransportAnswer::Kind::failed,
                                  .error = "no response",
                                  .reason = FailureReason::timeout};
const Manner healthy_manner;
const Manner silent{.answer = no_response, .after = 15s};

/// A service whose hosts named "hostile-..." respond as the test says, and a healthy one beside
/// them, which gets a hundred events a second.
struct FairnessFixture : ServiceFixture {
    std::map<std::string, Manner> hostile;
    std::vector<SteadyTime> published_at;
    std::vector<microseconds> delays;  ///< From publication to request, of the healthy endpoint.
    std::size_t hostile_requests = 0;

    FairnessFixture() {
        running.reset();
        transport = std::make_shared<FakeTransport>(clock);
        transport->respond(
            [this](const OutgoingRequest& request) { return manner_of(request).answer; });
        transport->answer_after([this](const OutgoingRequest& request) {
            note(request);
            return manner_of(request).after;
        });
        options.max_events_in_memory = 2000;
        options.max_publish_queue = 200'000;
        options.retry_schedule = {1s};
        open();
        subscribe(admin, "invoice.paid", "https://healthy.example.com/");
        load(100ms);  // It proves itself.
        delays.clear();
    }

    const Manner& manner_of(const OutgoingRequest& request) const {
        const auto found = hostile.find(std::string(request.target->url.host()));
        return found == hostile.end() ? healthy_manner : found->second;
    }

    void note(const OutgoingRequest& request) {
        if (request.target->url.host() != "healthy.example.com") {
            ++hostile_requests;
            return;
        }
        const std::size_t number = std::stoul(*request.body);
        delays.push_back(
            std::chrono::duration_cast<microseconds>(clock->steady_now() - published_at[number]));
    }

    /// Subscribes endpoints at hosts of their own.
    void subscribe_hostile(std::size_t count, const Manner& manner,
                           const Principal& owner = admin) {
        for (std::size_t i = 0; i < count; ++i) {
            const std::string host = "hostile-" + std::to_string(hostile.size()) + ".example.com";
            hostile.emplace(host, manner);
            subscribe(owner, "order.created", "https://" + host + "/");
        }
    }

    void publish_hostile(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            service().async_publish(admin, {.event_type = "order.created", .payload = "{}"},
                                    [](const auto& receipt) { CHECK(receipt.has_value()); });
        }
        settle();
    }

    /// Lets the service run for a time.
    void pass(microseconds span) {
        const SteadyTime end = clock->steady_now() + span;
        settle();
        while (clock->steady_now() < end) {
            const SteadyTime next = std::min(end, service().next_wake().value());
            clock->advance(std::max<microseconds>(
                1us, std::chrono::ceil<microseconds>(next - clock->steady_now())));
            settle();
        }
    }

    void load(microseconds span) {
        for (microseconds passed = 0us; passed < span; passed += 10ms) {
            published_at.push_back(clock->steady_now());
            service().async_publish(
                admin,
                {.event_type = "invoice.paid", .payload = std::to_string(published_at.size() - 1)},
                [](const auto& receipt) { CHECK(receipt.has_value()); });
            pass(10ms);
        }
    }

    /// Every event of the healthy endpoint during `span` starts in time, and none twice.
    void check_fairness(microseconds span) {
        load(span);
        REQUIRE(delays.size() == static_cast<std::size_t>(span / 10ms));
        CHECK(*std::ranges::max_element(delays) <= 250ms);
    }
};

}  // namespace

TEST_CASE_METHOD(FairnessFixture, "5,000 silent endpoints leave slots to a healthy one") {
    subscribe_hostile(5000, silent);
    publish_hostile(3);
    check_fairness(20s);
    CHECK(hostile_requests >= 256);
}

TEST_CASE_METHOD(FairnessFixture,
                 "a queue of 100,000 delays neither a healthy endpoint nor 1,000 with one event") {
    subscribe(admin, "order.shipped", "https://hostile-slow.example.com/");
    hostile["hostile-slow.example.com"].after = 50ms;
    for (int i = 0; i < 100'000; ++i) {
        service().async_publish(admin, {.event_type = "order.shipped", .payload = "{}"},
                                [](const auto& receipt) { CHECK(receipt.has_value()); });
    }
    settle();
    subscribe_hostile(1000, healthy_manner);
    publish_hostile(1);
    check_fairness(1s);
    std::size_t to_others = 0;
    for (const OutgoingRequest& request : transport->requests()) {
        const std::string host(request.target->url.host());
        if (host != "healthy.example.com" && host != "hostile-slow.example.com") ++to_others;
    }
    CHECK(to_others == 1000);
}

TEST_CASE_METHOD(FairnessFixture,
                 "1,000 endpoints that begin to answer 500 leave slots to a healthy one") {
    subscribe_hostile(1000, healthy_manner);
    publish_hostile(1);
    pass(2s);
    REQUIRE(hostile_requests == 1000);
    for (auto& [host, manner] : hostile) {
        manner.answer.status_code = 500;
        manner.after = 20ms;
    }
    publish_hostile(3);
    check_fairness(3s);
    CHECK(hostile_requests >= 2000);
}

TEST_CASE_METHOD(
    FairnessFixture,
    "1,000 endpoints of one user, silent, slow or without an end, leave slots to others") {
    const Principal tenant = Principal::user("tenant");
    subscribe_hostile(334, silent, tenant);
    subscribe_hostile(333, {.answer = healthy_manner.answer, .after = 10s}, tenant);
    subscribe_hostile(333, {.answer = no_response, .after = 14s}, tenant);
    publish_hostile(20);
    check_fairness(30s);            // Meanwhile slow ones answer, and count as proven.
    CHECK(hostile_requests > 384);  // Three quarters of the slots, and more since.
}

}  // namespace webhooks::testing
