#include <algorithm>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using Fields = std::vector<FieldError>;

struct DryRunFixture : ServiceFixture {
    SubscriptionId filtered(const std::string& filter, const Principal& owner = alice,
                            const std::string& pattern = "order.*") {
        return service()
            .create_subscription(owner, {.name = "filtered",
                                         .event_type = pattern,
                                         .filter = filter,
                                         .url = "https://hooks.example.com/"})
            .value()
            .id;
    }

    void publish(const std::string& payload) {
        service().publish(alice, {.event_type = "order.created", .payload = payload}).value();
    }

    /// "id:reason" of each.
    std::vector<std::string> reasons(const Principal& caller, const std::string& payload,
                                     const std::string& user = "") {
        std::vector<std::string> found;
        const auto page = service().match_event(
            caller, {.event_type = "order.created", .payload = payload, .user_id = user});
        for (const SubscriptionMatch& match : page.value().items) {
            found.push_back(std::to_string(match.subscription.value) + ":" +
                            std::string(to_string(match.reason)));
        }
        return found;
    }
};

}  // namespace

TEST_CASE_METHOD(DryRunFixture, "a filter is tried on a payload, and each condition says why") {
    const FilterReport report =
        service()
            .test_filter(alice, "payload/total ge 100 and eventType eq 'order.created'",
                         {.event_type = "order.created", .payload = R"({"total":99})"})
            .value();
    CHECK_FALSE(report.matches);
    REQUIRE(report.conditions.size() == 2);
    CHECK(report.conditions[0].result == false);
    CHECK(report.conditions[0].value == "99");
    CHECK(report.conditions[1].result == true);
    CHECK(service().test_filter(alice, "payload", {.payload = "true"}).value().matches);
}

TEST_CASE_METHOD(DryRunFixture, "what cannot be tried is told by member") {
    const auto fields = [&](const std::string& filter, const std::string& payload) {
        return service().test_filter(alice, filter, {.payload = payload}).error().fields();
    };
    CHECK(fields("", "{}") == Fields{{"filter", "must not be empty"}});
    CHECK(fields("total gt 1", "{}").at(0).message.starts_with("unknown name 'total'"));
    CHECK(fields("payload/", "\xff").size() == 2);
    const SubscriptionId id = filtered("payload");
    CHECK(service().test_filter(alice, "", id).error() == Errc::invalid_argument);
    CHECK(service().test_filter(bob, "", id).error() == Errc::not_found);
}

TEST_CASE_METHOD(DryRunFixture, "a filter is tried on the newest events, test events excepted") {
    const SubscriptionId id = subscribe().id;
    for (int i = 1; i <= 120; ++i) {
        publish(R"({"total":)" + std::to_string(i) + "}");
    }
    service().send_test_event(alice, id, R"({"total":1000})").value();
    settle();
    const FilterSample sample =
        service().test_filter(alice, "payload/total gt 110 or payload/total lt 30", id).value();
    CHECK(sample.of == 99);
    REQUIRE(sample.events.size() == 18);
    CHECK(std::ranges::is_sorted(sample.events, std::greater<>()));
    CHECK(service().test_filter(admin, "payload", id).value().events.empty());
}

TEST_CASE_METHOD(DryRunFixture, "a publisher sees where an event would go, and why not") {
    const std::string a = std::to_string(filtered("payload/total ge 100").value);
    const std::string b = std::to_string(subscribe(alice, "invoice.*").id.value);
    const SubscriptionId inactive = subscribe(alice, "*").id;
    service().update_subscription(alice, inactive, {.is_active = false}).value();
    const std::string c = std::to_string(inactive.value);
    const std::string d = std::to_string(filtered("payload/total ge 100", bob).value);
    using Reasons = std::vector<std::string>;
    CHECK(reasons(alice, R"({"total":100})") ==
          Reasons{a + ":matched", b + ":type", c + ":inactive"});
    CHECK(reasons(alice, "{}") == Reasons{a + ":filter", b + ":type", c + ":inactive"});
    CHECK(reasons(admin, "{}").size() == 4);
    CHECK(reasons(admin, "{}", "bob") == Reasons{d + ":filter"});
    CHECK(reasons(alice.narrowed_to(inactive), "{}") == Reasons{c + ":inactive"});
    const auto error = [&](const Publication& publication) {
        return service().match_event(alice, publication).error();
    };
    CHECK(error({.event_type = "order.created", .payload = "{}", .user_id = "bob"}) ==
          Errc::forbidden);
    CHECK(error({.event_type = "order.creatd", .payload = "{}"}) == Errc::invalid_argument);
    settle();
    CHECK(transport->requests().empty());
}

TEST_CASE_METHOD(DryRunFixture, "filters that look at too much end a dry run") {
    for (int i = 0; i < 25; ++i) {
        filtered("payload/any(x: payload/any(y: y eq " + std::to_string(i) + "))",
                 Principal::user("user" + std::to_string(i)));
    }
    std::string items = "[-1";
    for (int i = 0; i < 400; ++i) {
        items += ",-1";
    }
    CHECK(service()
              .match_event(admin, {.event_type = "order.created", .payload = items + "]"})
              .error() == Errc::timed_out);
    CHECK(reasons(admin, "[-1]").size() == 25);
    const SubscriptionId id = subscribe().id;
    for (int i = 0; i < 25; ++i) {
        publish(items + "]");
    }
    const std::string endless = "payload/any(x: payload/any(y: y eq 1))";
    CHECK(service().test_filter(alice, endless, id).error() == Errc::timed_out);
    CHECK(service().test_filter(alice, "payload/0 eq -1", id).value().events.size() == 25);
}

TEST_CASE_METHOD(DryRunFixture, "trying a filter on events needs to read them") {
    const SubscriptionId id = filtered("payload");
    const Principal reader = Principal::user("alice", Permission::subscriptions_read);
    CHECK(service().test_filter(reader, "payload", {.payload = "true"}));
    CHECK(service().test_filter(reader, "payload", id).error() == Errc::forbidden);
    const Principal publisher = Principal::user("alice", Permissions::publisher());
    CHECK(service().test_filter(publisher, "payload", {.payload = "1"}).error() == Errc::forbidden);
}

}  // namespace webhooks::testing
