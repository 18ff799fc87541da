#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

struct LocalErrors final : Observer {
    void on_log(LogLevel, std::string_view line) noexcept override {
        if (line.starts_with("attempts are delayed")) lines.emplace_back(line);
    }
    std::vector<std::string> lines;
};

}  // namespace

TEST_CASE_METHOD(ServiceFixture, "a local error delays an event and uses up no attempt") {
    const Subscription subscription = subscribe();
    transport->respond([](const OutgoingRequest&) {
        return TransportAnswer{.kind = TransportAnswer::Kind::not_sent, .error = "no descriptors"};
    });
    const EventId id = publish();
    settle();
    CHECK(event(subscription.id, id).next_retry_at);
    CHECK_FALSE(event(subscription.id, id).error_message);
    transport->respond_with_status(200);
    advance(1s);
    CHECK(event(subscription.id, id).is_success);
    CHECK(event(subscription.id, id).retry_count == 0);
}

TEST_CASE_METHOD(ServiceFixture, "local errors are logged once a second, however many there are") {
    const auto log = std::make_shared<LocalErrors>();
    observer = log;
    running.reset();
    open();
    for (int i = 0; i < 100; ++i) {
        subscribe();
    }
    transport->respond([](const OutgoingRequest&) {
        return TransportAnswer{.kind = TransportAnswer::Kind::not_sent, .error = "no descriptors"};
    });
    settle();
    service().publish(alice, {.event_type = "order.created", .payload = "{}"}).value();
    settle();
    CHECK(transport->requests().size() == 100);
    CHECK(log->lines == std::vector<std::string>{"attempts are delayed: no descriptors"});
    advance(999ms);
    CHECK(log->lines.size() == 1);
    advance(1ms);
    CHECK(transport->requests().size() == 200);
    CHECK(log->lines.size() == 2);
}
}  // namespace webhooks::testing
