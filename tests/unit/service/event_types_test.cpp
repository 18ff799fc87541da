#include <unit/service/two_workers.hpp>

using namespace webhooks;
using webhooks::testing::admin;
using webhooks::testing::alice;
using webhooks::testing::ServiceFixture;

namespace {

/// Keeps the warnings.
struct Warnings final : Observer {
    void on_log(LogLevel level, std::string_view line) override {
        if (level == LogLevel::warning) lines.emplace_back(line);
    }

    std::vector<std::string> lines;
};

std::string message_of(const Result<>& verdict) {
    return verdict ? "fine" : verdict.error().fields().at(0).message;
}

EventType type_with_successor() {
    EventType type{.name = "order.created", .description = ""};
    type.deprecation.emplace().successor = "order.shipped";
    return type;
}

struct EventTypesFixture : ServiceFixture {
    Result<PublishReceipt> try_to_publish() {
        return service().publish(admin, {.event_type = "order.created", .payload = "{}"});
    }

    std::string error_of_subscribing(const std::string& pattern) {
        const auto made = service().create_subscription(
            alice, {.name = "n", .event_type = pattern, .url = "https://hooks.example.com/a"});
        return made ? "fine" : made.error().fields().at(0).message;
    }
};

}  // namespace

TEST_CASE_METHOD(EventTypesFixture,
                 "a retired type is neither published nor subscribed to, and names its successor") {
    service().register_event_type(admin, type_with_successor()).value();
    service().retire_event_type(admin, "order.created").value();
    const std::string message = "was retired; use 'order.shipped' instead";
    CHECK(try_to_publish().error().fields() == std::vector<FieldError>{{"eventType", message}});
    const auto batch =
        service().publish_batch(admin, {{.event_type = "order.shipped", .payload = "{}"},
                                        {.event_type = "order.created", .payload = "{}"}});
    CHECK(batch.error().fields() == std::vector<FieldError>{{"events[1].eventType", message}});
    CHECK(error_of_subscribing("order.created") == message);
    CHECK(error_of_subscribing("order.*") == "fine");
    service().retire_event_type(admin, "order.shipped").value();
    CHECK(error_of_subscribing("order.*") == "matches no registered event type");
    CHECK(error_of_subscribing("order.shipped") == "was retired");
    CHECK(error_of_subscribing("order.creatd").ends_with("none has a similar name"));
}

TEST_CASE_METHOD(EventTypesFixture, "what exists stays when its type is retired") {
    const SubscriptionId id = subscribe().id;
    const EventId waiting = publish();
    CHECK(service().retire_event_type(admin, "order.created").error() == Errc::conflict);
    service().retire_event_type(admin, "order.created", true).value();
    settle();
    CHECK(event(id, waiting).is_success);
    SubscriptionChange change;
    change.name = "renamed";
    change.event_type = "order.created";
    CHECK(service().update_subscription(alice, id, change).value().name == "renamed");
    change.event_type = "order.shipped";
    service().update_subscription(alice, id, change).value();
    change.event_type = "order.created";
    CHECK(service().update_subscription(alice, id, change).error() == Errc::invalid_argument);
}

TEST_CASE_METHOD(EventTypesFixture,
                 "a retired type is revived by an administrator, not by a host") {
    auto warnings = std::make_shared<Warnings>();
    observer = warnings;
    service().retire_event_type(admin, "order.created").value();
    running.reset();
    transport = std::make_shared<testing::FakeTransport>();
    clock->advance(std::chrono::hours(1));
    open();
    REQUIRE(warnings->lines.size() == 1);
    CHECK(warnings->lines.front() ==
          "event type 'order.created' is registered by the host, but an administrator retired it: "
          "it stays retired");
    CHECK_FALSE(try_to_publish());
    service().register_event_type(admin, {.name = "order.created", .description = ""}).value();
    CHECK(try_to_publish());
}

TEST_CASE_METHOD(EventTypesFixture, "only administrators see retired types, and change any") {
    service().register_event_type(admin, type_with_successor()).value();
    service().retire_event_type(admin, "order.created").value();
    const auto count = [&](const Result<std::vector<EventType>>& types) {
        return types.value().size() - operational_event_types().size();
    };
    CHECK(count(service().event_types()) == 2);
    // Without the type about workers.
    CHECK(count(service().event_types(alice)) == 1);
    CHECK(count(service().event_types(admin, {.include_retired = true})) == 3);
    CHECK(service().event_types(alice, {.include_retired = true}).error() == Errc::forbidden);
    CHECK(service().event_type(admin, "order.created", true).value().retired_at);
    CHECK(service().event_type(alice, "order.created", true).error() == Errc::forbidden);
    const Error gone = service().event_type(alice, "order.created").error();
    CHECK(gone == Errc::not_found);
    CHECK(gone.detail() == "This event type was retired; use 'order.shipped' instead.");
    CHECK(service().event_type(alice, "no.such").error() == Errc::not_found);
    CHECK(service().event_type(alice, "order.shipped").value().name == "order.shipped");
    CHECK(service().register_event_type(alice, {"a", ""}).error() == Errc::forbidden);
    CHECK(service().retire_event_type(alice, "order.shipped").error() == Errc::forbidden);
    CHECK(service().retire_event_type(admin, "webhook.event.exhausted").error() == Errc::conflict);
    CHECK(service().retire_event_type(admin, "webhook.no.such").error() == Errc::not_found);
    CHECK(service().retire_event_type(admin, "order.created").error().detail() ==
          "This event type was retired; use 'order.shipped' instead.");
    CHECK(service().event_type(alice, "webhook.worker.lost").error() == Errc::not_found);
    CHECK(service().event_type(admin, "webhook.worker.lost"));
}

TEST_CASE_METHOD(EventTypesFixture, "event types are listed by group") {
    EventType grouped{.name = "order.paid", .description = ""};
    grouped.group = "Money";
    service().register_event_type(grouped).value();
    EventTypeQuery query;
    query.group = "Money";
    const auto found = service().event_types(alice, query).value();
    REQUIRE(found.size() == 1);
    CHECK(found.front().name == "order.paid");
    query.group = "money";
    CHECK(service().event_types(alice, query).value().empty());
}

TEST_CASE_METHOD(EventTypesFixture, "the members of an event type are checked") {
    const auto with = [&](auto set) {
        EventType type{.name = "a.b", .description = ""};
        set(type);
        return message_of(service().validate(type));
    };
    CHECK(with([](EventType& t) { t.group = std::string(128, 'g'); }) == "fine");
    CHECK(with([](EventType& t) { t.group = std::string(129, 'g'); }).starts_with("must be at"));
    CHECK(with([](EventType& t) { t.name = "OpenAPI.json"; }).starts_with("must not be 'openapi"));
    CHECK(with([](EventType& t) { t.deprecation.emplace().note = std::string(512, 'n'); }) ==
          "fine");
    CHECK(with([](EventType& t) { t.deprecation.emplace().note = std::string(513, 'n'); }) ==
          "must be at most 512 bytes of UTF-8 without U+0000");
    CHECK(with([](EventType& t) { t.deprecation.emplace().successor = "a.b"; }) ==
          "must be another event type");
    CHECK(with([](EventType& t) { t.deprecation.emplace().successor = "a..b"; }) ==
          "must be the name of an event type");
    CHECK(with([](EventType& t) { t.example = "{"; }).starts_with("is not valid JSON"));
    CHECK(with([](EventType& t) { t.schema = "[]"; }) == "must be a JSON object");
}

TEST_CASE_METHOD(testing::TwoWorkersFixture,
                 "a retirement is known to another worker by its next heartbeat") {
    open_other();
    service().retire_event_type(admin, "order.created").value();
    clock->advance(options.heartbeat_interval);
    settle_other();
    CHECK(other->publish(admin, {.event_type = "order.created", .payload = "{}"}).error() ==
          Errc::invalid_argument);
    service().register_event_type(admin, {.name = "order.created", .description = ""}).value();
    clock->advance(options.heartbeat_interval);
    settle_other();
    CHECK(other->publish(admin, {.event_type = "order.created", .payload = "{}"}));
}
