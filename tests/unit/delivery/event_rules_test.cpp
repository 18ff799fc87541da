#include <delivery/event_rules.hpp>
#include <string>
#include <support/catch.hpp>

namespace webhooks::delivery {
namespace {

using namespace std::chrono_literals;

HeldEvent of_type(std::string_view type, std::optional<Time> expires_at = {}) {
    auto message = std::make_shared<Message>();
    message->event_type = type;
    message->expires_at = expires_at;
    return {.message = std::move(message)};
}

}  // namespace

TEST_CASE("an event of an inactive subscription is cancelled, unless it is a test event") {
    Endpoint active;
    active.is_active = true;
    const Endpoint inactive;
    const HeldEvent order = of_type("order.created");
    const HeldEvent test = of_type(test_event_type);
    CHECK(reason_to_cancel(order, &active) == nullptr);
    CHECK(std::string(reason_to_cancel(order, &inactive)) ==
          "cancelled: the subscription is deactivated");
    CHECK(reason_to_cancel(test, &inactive) == nullptr);
    for (const HeldEvent& event : {order, test}) {
        CHECK(std::string(reason_to_cancel(event, nullptr)) ==
              "cancelled: the subscription was deleted");
    }
}

TEST_CASE("an event expires at its time, and never without one") {
    const Time time(1h);
    CHECK_FALSE(is_expired(of_type("order.created", time), time - 1us));
    CHECK(is_expired(of_type("order.created", time), time));
    CHECK_FALSE(is_expired(of_type("order.created"), Time::max()));
}

TEST_CASE("a requested event is a probe only if it was attempted before") {
    HeldEvent event = of_type("order.created");
    event.is_requested = true;
    CHECK_FALSE(is_reopened(event));
    event.attempts = 1;
    CHECK(is_reopened(event));
    event.is_requested = false;
    CHECK_FALSE(is_reopened(event));
}

}  // namespace webhooks::delivery
