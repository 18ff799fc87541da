#include <unit/service/isolation_fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

}  // namespace

TEST_CASE_METHOD(IsolationFixture, "the log says when an endpoint begins to fail and recovers") {
    using Lines = std::vector<std::string>;
    const Subscription subscription = subscribe_host("down.example.com");
    const std::string endpoint =
        "the endpoint of subscription " + std::to_string(subscription.id.value);
    Lines& lines = deactivations->lines;
    answers["down.example.com"] = status(500);
    publish_some(3);
    const Lines failing{"warning: " + endpoint + " began to fail: endpoint responded with 500"};
    CHECK(lines == failing);

    SECTION("once for all failures in between") {
        advance(5s);
        CHECK(lines == failing);
        answers["down.example.com"] = status(200);
        advance(5min);
        CHECK(lines == Lines{failing[0], "info: " + endpoint + " recovered"});
    }
    SECTION("at most once a minute for one that keeps changing") {
        answers["down.example.com"] = status(200);
        publish_some(1);
        CHECK(lines.size() == 2);
        answers["down.example.com"] = {.error = "connection refused"};
        publish_some(1);
        answers["down.example.com"] = status(200);
        publish_some(1);
        CHECK(lines.size() == 2);
        clock->advance(1min);
        answers["down.example.com"] = {.error = "connection refused"};
        publish_some(1);
        REQUIRE(lines.size() == 3);
        CHECK(lines[2] == "warning: " + endpoint + " began to fail: connection refused");
    }
    SECTION("again by a service that starts meanwhile") {
        service().stop(0ms).value();
        reopen();
        advance(5s);
        CHECK(lines == Lines{failing[0], failing[0]});
    }
}

TEST_CASE_METHOD(IsolationFixture, "endpoints that fail together are logged up to ten a second") {
    for (int i = 0; i < 30; ++i) {
        const std::string host = "h" + std::to_string(i) + ".example.com";
        subscribe_host(host, with_max_retries(0));
        answers[host] = status(500);
    }
    publish_some(1);
    REQUIRE(deactivations->lines.size() == 11);
    CHECK(deactivations->lines.back() ==
          "warning: more than 10 endpoints began to fail or recovered within a second: the others "
          "are not logged");
    answers.clear();
    clock->advance(1s);
    publish_some(1);
    CHECK(deactivations->lines.size() == 22);
}

TEST_CASE_METHOD(IsolationFixture, "410 deactivates the subscription and cancels what is queued") {
    options.max_in_flight_per_host = 1;
    reopen();
    const Subscription gone = subscribe_host("gone.example.com");
    answers["gone.example.com"] = status(410);
    publish_some(5);
    advance(24h);
    CHECK(requests_to("gone.example.com") == 1);
    CHECK_FALSE(current(gone).is_active);
    CHECK(count(gone, "startswith(errorMessage,'cancelled:')") == 4);
    CHECK(count(gone, "nextRetryAt ne null") == 0);
    REQUIRE(deactivations->told.size() == 1);
    CHECK(deactivations->told.front() == std::pair(gone.id, DeactivationReason::gone));
}

TEST_CASE_METHOD(IsolationFixture, "410 to a test event, or to an older URL, deactivates nothing") {
    const Subscription subscription = subscribe_host("gone.example.com");
    answers["gone.example.com"] = status(410);
    SECTION("test event") {
        service().send_test_event(alice, subscription.id).value();
        settle();
    }
    SECTION("older URL") {
        transport->respond([](const OutgoingRequest&) { return std::nullopt; });
        publish_some(1);
        service()
            .update_subscription(alice, subscription.id, {.url = "https://new.example.com/"})
            .value();
        transport->answer(transport->in_flight().front(), status(410));
        settle();
    }
    CHECK(requests_to("gone.example.com") == 1);
    CHECK(current(subscription).is_active);
    CHECK(deactivations->told.empty());
}

TEST_CASE_METHOD(IsolationFixture, "an endpoint that only fails for five days is deactivated") {
    const Subscription dead = subscribe_host("dead.example.com");
    answers["dead.example.com"] = {.error = "connection refused"};
    const auto publish_for = [&](int hours) {
        for (int hour = 0; hour < hours; ++hour) {
            publish_some(1);
            advance(1h);
        }
    };
    publish_for(119);
    CHECK(current(dead).is_active);

    SECTION("also where the service was restarted") {
        service().stop(0ms).value();
        reopen();
        publish_for(2);
        CHECK_FALSE(current(dead).is_active);
        REQUIRE(deactivations->told.size() == 1);
        CHECK(deactivations->told.front() == std::pair(dead.id, DeactivationReason::failing));
    }
    SECTION("but not when one attempt succeeded") {
        answers["dead.example.com"] = status(200);
        publish_for(1);
        answers["dead.example.com"] = status(500);
        publish_for(110);
        CHECK(current(dead).is_active);
    }
}

TEST_CASE_METHOD(IsolationFixture, "after ten consecutive failures an endpoint gets only probes") {
    const Subscription dead = subscribe_host("dead.example.com", with_max_retries(0));
    answers["dead.example.com"] = status(500);
    publish_some(10);
    REQUIRE(requests_to("dead.example.com") == 10);
    publish_some(5);
    CHECK(requests_to("dead.example.com") == 10);
    advance(1s);
    CHECK(requests_to("dead.example.com") == 11);
    advance(1s);
    CHECK(requests_to("dead.example.com") == 11);
    advance(1s);
    CHECK(requests_to("dead.example.com") == 12);

    service().send_test_event(alice, dead.id).value();
    settle();
    CHECK(requests_to("dead.example.com") == 13);

    answers["dead.example.com"] = status(200);
    advance(4s);
    CHECK(requests_to("dead.example.com") == 16);
    CHECK(count(dead, "isSuccess eq true") == 3);
}

TEST_CASE_METHOD(IsolationFixture, "two failures that lie days apart deactivate nothing") {
    const Subscription rare = subscribe_host("rare.example.com", with_max_retries(0));
    answers["rare.example.com"] = status(500);
    publish_some(1);
    advance(6 * 24h);
    publish_some(1);
    CHECK(requests_to("rare.example.com") == 2);
    CHECK(current(rare).is_active);
}
}  // namespace webhooks::testing
