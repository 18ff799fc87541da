#include <stdexcept>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

/// Rejects payloads that say what is wrong with them.
struct HostValidator final : PublicationValidator {
    Result<> check(std::string_view event_type, std::string_view payload) override {
        asked.emplace_back(event_type);
        if (payload == "\"throw\"") throw std::runtime_error("no such schema");
        if (payload == "\"away\"") return Error(Errc::unavailable, "the schemas are not loaded");
        if (payload != "\"wrong\"") return {};
        return Error({{"customer.name", "is required"}, {"[0]", "is too small"}, {"", "is wrong"}});
    }

    std::vector<std::string> asked;
};

struct ValidatorFixture : ServiceFixture {
    std::shared_ptr<HostValidator> validator = std::make_shared<HostValidator>();

    ValidatorFixture() {
        running.emplace(WebhookService::open({.storage = make_memory_storage(clock),
                                              .transport = std::make_shared<FakeTransport>(),
                                              .clock = clock,
                                              .observer = observer,
                                              .validator = validator},
                                             options)
                            .value());
        service().register_event_type({.name = "order.created", .description = ""}).value();
    }

    static Publication order(const std::string& payload) {
        return {.event_type = "order.created", .payload = payload};
    }
};

}  // namespace

TEST_CASE_METHOD(ValidatorFixture, "a host's validator rejects payloads, at their places") {
    const SubscriptionId id = subscribe().id;
    const std::vector<FieldError> faults{{"payload.customer.name", "is required"},
                                         {"payload[0]", "is too small"},
                                         {"payload", "is wrong"}};
    CHECK(service().publish(alice, order("\"wrong\"")).error().fields() == faults);
    CHECK(service().validate(order("\"wrong\"")).error().fields() == faults);
    CHECK(service().publish(alice, order("\"away\"")).error() == Errc::unavailable);
    CHECK(service().events(alice, id, {}).value().total == 0);
    CHECK(service().publish(alice, order("1")).value().event_ids.size() == 1);
    CHECK(validator->asked == std::vector<std::string>(4, "order.created"));
}

TEST_CASE_METHOD(ValidatorFixture, "a payload that is rejected in a batch rejects all of it") {
    const SubscriptionId id = subscribe().id;
    const Error error = service().publish_batch(alice, {order("1"), order("\"wrong\"")}).error();
    REQUIRE(error.fields().size() == 3);
    CHECK(error.fields()[0] == FieldError{"events[1].payload.customer.name", "is required"});
    CHECK(service().events(alice, id, {}).value().total == 0);
}

TEST_CASE_METHOD(ValidatorFixture, "a validator that throws rejects a publication as unavailable") {
    const SubscriptionId id = subscribe().id;
    CHECK(service().publish(alice, order("\"throw\"")).error() == Errc::unavailable);
    CHECK(service().events(alice, id, {}).value().total == 0);
}

TEST_CASE_METHOD(ValidatorFixture,
                 "a validator is not asked about what is invalid anyway, or a test") {
    const SubscriptionId id = subscribe().id;
    CHECK_FALSE(service().publish(alice, {.event_type = "unknown", .payload = "\"wrong\""}));
    CHECK(service().send_test_event(alice, id, "\"wrong\""));
    CHECK(validator->asked.empty());
}

}  // namespace webhooks::testing
