#include <thread>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

std::vector<std::int64_t> matched(WebhookService& service, const Principal& by,
                                  Publication publication) {
    std::vector<std::int64_t> ids;
    const PublishReceipt receipt = service.publish(by, std::move(publication)).value();
    for (const EventId id : receipt.event_ids) {
        ids.push_back(id.value);
    }
    return ids;
}

}  // namespace

TEST_CASE_METHOD(ServiceFixture, "a publication reaches exactly the subscriptions that match") {
    subscribe(alice, "order.created");
    subscribe(alice, "order.*");
    subscribe(alice, "*");
    subscribe(alice, "order.shipped");
    subscribe(bob, "order.created");
    const auto count = [&](const Principal& by, const char* user) {
        return matched(service(), by,
                       {.event_type = "order.created", .payload = "{}", .user_id = user})
            .size();
    };
    CHECK(count(alice, "") == 3);
    CHECK(count(alice, "alice") == 3);
    CHECK(count(bob, "") == 1);
    CHECK(count(admin, "") == 4);
    CHECK(count(admin, "bob") == 1);
    CHECK(count(admin, "carol") == 0);
    CHECK(service()
              .publish(alice, {.event_type = "order.created", .payload = "{}", .user_id = "bob"})
              .error() == Errc::forbidden);
}

TEST_CASE_METHOD(ServiceFixture, "an event is judged by filters once, when it is published") {
    const Subscription large =
        service()
            .create_subscription(alice, {.name = "large",
                                         .event_type = "order.*",
                                         .filter = "payload/total ge 100",
                                         .url = "https://hooks.example.com/"})
            .value();
    subscribe();
    const auto count = [&](const char* payload) {
        return matched(service(), alice, {.event_type = "order.created", .payload = payload})
            .size();
    };
    CHECK(count(R"({"total":100})") == 2);
    CHECK(count(R"({"total":99})") == 1);
    CHECK(count(R"({"total":null})") == 1);
    transport->respond_with_status(500);
    const Publication publication{
        .event_type = "order.created", .payload = R"({"total":500})", .idempotency_key = "k"};
    const PublishReceipt receipt = service().publish(alice, publication).value();
    settle();
    service().update_subscription(alice, large.id, {.filter = "payload/total ge 1000"}).value();
    // Neither a retry nor a repetition judges again.
    CHECK(service().publish(alice, publication).value().event_ids == receipt.event_ids);
    transport->respond_with_status(200);
    advance(1h);
    CHECK(event(large.id, receipt.event_ids.front()).is_success);
    CHECK(count(R"({"total":500})") == 1);
    // Nor is a test event judged.
    CHECK(service().send_test_event(alice, large.id));
}

TEST_CASE_METHOD(ServiceFixture, "what filters did not let through is counted, once for a key") {
    const SubscriptionId large =
        service()
            .create_subscription(alice, {.name = "large",
                                         .event_type = "order.*",
                                         .filter = "payload/total ge 100",
                                         .url = "https://hooks.example.com/"})
            .value()
            .id;
    const auto publish = [&](const char* payload, const char* key = "") {
        service()
            .publish(alice,
                     {.event_type = "order.created", .payload = payload, .idempotency_key = key})
            .value();
    };
    publish(R"({"total":99})");
    publish(R"({"total":100})");
    publish("no JSON", "k");
    publish("no JSON", "k");
    advance(11s);
    CHECK(service().statistics(alice, large).value().filtered == 2);
    std::int64_t sum = 0;
    for (const SeriesBucket& bucket : service().all_series(admin).value().buckets) {
        sum += bucket.counts.filtered;
    }
    CHECK(sum == 2);
    const std::string metrics =
        format_metrics(service().metrics().value(), MetricsFormat::prometheus);
    CHECK(metrics.find("webhooks_filtered_total 2\n") != std::string::npos);
}

TEST_CASE_METHOD(ServiceFixture, "a filter that cannot be parsed is rejected with its character") {
    const SubscriptionDraft draft{.name = "a",
                                  .event_type = "*",
                                  .filter = "total ge 100",
                                  .url = "https://hooks.example.com/"};
    const Error error = service().create_subscription(alice, draft).error();
    REQUIRE(error.fields().size() == 1);
    CHECK(error.fields()[0] ==
          FieldError{"filter",
                     "unknown name 'total' at character 1; a member of the payload is written "
                     "payload/total, a text 'total'"});
    const Subscription mine = subscribe();
    CHECK(service().update_subscription(alice, mine.id, {.filter = "payload/"}).error() ==
          Errc::invalid_argument);
}

TEST_CASE_METHOD(ServiceFixture, "a deactivated or deleted subscription is not published to") {
    const Subscription subscription = subscribe();
    SECTION("deactivated") {
        service().update_subscription(alice, subscription.id, {.is_active = false}).value();
    }
    SECTION("deleted") {
        service().delete_subscription(alice, subscription.id).value();
    }
    CHECK(matched(service(), alice, {.event_type = "order.created", .payload = "{}"}).empty());
}

TEST_CASE_METHOD(ServiceFixture, "a bad publication names every wrong member") {
    const Error error = service()
                            .publish(alice, {.event_type = "order.craeted",
                                             .payload = std::string("a\0b", 3),
                                             .content_type = "",
                                             .idempotency_key = "\n"})
                            .error();
    REQUIRE(error.fields().size() == 4);
    CHECK(error.fields()[0] ==
          FieldError{"eventType", "is not a registered event type; did you mean 'order.created'?"});
    CHECK(error.fields()[1] == FieldError{"payload", "must be UTF-8 without U+0000"});
    CHECK(error.fields()[2].field == "contentType");
    CHECK(error.fields()[3].field == "idempotencyKey");
}

TEST_CASE_METHOD(ServiceFixture, "an idempotency key makes a repetition return the first receipt") {
    subscribe();
    const Publication publication{
        .event_type = "order.created", .payload = "{}", .idempotency_key = "k1"};
    const PublishReceipt first = service().publish(alice, publication).value();
    const PublishReceipt again = service().publish(alice, publication).value();
    CHECK(again.event_ids == first.event_ids);
    CHECK(again.is_replay);
    settle();
    CHECK(transport->requests().size() == 1);

    SECTION("other content is a conflict") {
        Publication other = publication;
        other.payload = "[]";
        CHECK(service().publish(alice, other).error() == Errc::conflict);
    }
    SECTION("another caller's key is another key") {
        CHECK_FALSE(service().publish(bob, publication).value().is_replay);
    }
    SECTION("after 24 hours it is a new publication") {
        advance(24h);
        CHECK_FALSE(service().publish(alice, publication).value().is_replay);
    }
}

TEST_CASE_METHOD(ServiceFixture, "a full publish queue returns overloaded, and nothing is lost") {
    options.max_publish_queue = 3;
    running.reset();
    open();
    subscribe();
    int accepted = 0;
    int rejected = 0;
    for (int i = 0; i < 5; ++i) {
        service().async_publish(
            alice, {.event_type = "order.created", .payload = "{}"},
            [&](const Result<PublishReceipt>& receipt) { receipt ? ++accepted : ++rejected; });
    }
    CHECK(rejected == 2);
    settle();
    CHECK(accepted == 3);
    CHECK(transport->requests().size() == 3);
}

TEST_CASE_METHOD(ServiceFixture, "publishing from many threads of a started service commits all") {
    const Subscription subscription = subscribe();
    service().start().value();
    constexpr int threads = 8;
    constexpr int each = 50;
    std::vector<std::thread> publishers;
    for (int t = 0; t < threads; ++t) {
        publishers.emplace_back([&] {
            for (int i = 0; i < each; ++i) {
                service().publish(alice, {.event_type = "order.created", .payload = "{}"}).value();
            }
        });
    }
    for (std::thread& publisher : publishers) {
        publisher.join();
    }
    service().stop(10s).value();
    CHECK(service().events(alice, subscription.id, {.take = 0}).value().total == threads * each);
    CHECK(service().publish(alice, {.event_type = "order.created", .payload = "{}"}).error() ==
          Errc::stopped);
}

TEST_CASE_METHOD(ServiceFixture, "a delayed event is delivered at its time") {
    const Subscription subscription = subscribe();
    const Time due = clock->now() + 1h;
    const EventId id =
        service()
            .publish(alice, {.event_type = "order.created", .payload = "{}", .deliver_at = due})
            .value()
            .event_ids.front();
    settle();
    CHECK(event(subscription.id, id).next_retry_at == due);
    CHECK_FALSE(event(subscription.id, id).sent_at);
    advance(1h - 1us);
    CHECK(transport->requests().empty());
    advance(1us);
    CHECK(transport->requests().size() == 1);
    CHECK(event(subscription.id, id).is_success);
}

TEST_CASE_METHOD(ServiceFixture, "the times of a publication have their limits") {
    subscribe();
    const Time now = clock->now();
    struct Row {
        std::optional<Time> deliver_at;
        std::optional<Time> expires_at;
        std::string fault;
    };
    const std::string too_far = "deliverAt: must be at most 366 days ahead";
    const std::string too_early = "expiresAt: must be later than now and than deliverAt";
    const Row row = GENERATE_REF(values<Row>({
        {now, {}, ""},
        {now - 1us, {}, ""},
        {Time::min(), {}, ""},
        {now + 366 * 24h, {}, ""},
        {now + 366 * 24h + 1us, {}, too_far},
        {Time::max(), {}, too_far},
        {{}, now + 1us, ""},
        {{}, Time::max(), ""},
        {{}, now, too_early},
        {now - 1h, now, too_early},
        {now + 1h, now + 1h + 1us, ""},
        {now + 1h, now + 1h, too_early},
        {Time::max(), now, too_far + "; " + too_early},
    }));
    const Result<PublishReceipt> receipt = service().publish(alice, {.event_type = "order.created",
                                                                     .payload = "{}",
                                                                     .deliver_at = row.deliver_at,
                                                                     .expires_at = row.expires_at});
    CHECK((receipt ? "" : receipt.error().detail()) == row.fault);
    settle();
    const bool is_now = row.fault.empty() && row.deliver_at <= now;
    CHECK(transport->requests().size() == (is_now ? 1 : 0));
}

TEST_CASE_METHOD(ServiceFixture, "other times are other content to an idempotency key") {
    const Publication publication{.event_type = "order.created",
                                  .payload = "{}",
                                  .idempotency_key = "k",
                                  .deliver_at = clock->now() + 1h,
                                  .expires_at = clock->now() + 2h};
    service().publish(alice, publication).value();
    CHECK(service().publish(alice, publication).value().is_replay);
    Publication other = publication;
    SECTION("earlier") {
        other.deliver_at.reset();
    }
    SECTION("without end") {
        other.expires_at.reset();
    }
    SECTION("a second longer") {
        *other.expires_at += 1s;
    }
    CHECK(service().publish(alice, other).error() == Errc::conflict);
}

TEST_CASE_METHOD(ServiceFixture,
                 "a publication that is repeated after it expired returns the first receipt") {
    subscribe(alice, "order.created");
    Publication publication{.event_type = "order.created",
                            .payload = "{}",
                            .idempotency_key = "key",
                            .expires_at = clock->now() + 10s};
    const PublishReceipt first = service().publish(alice, publication).value();
    advance(20s);
    const PublishReceipt again = service().publish(alice, publication).value();
    CHECK(again.is_replay);
    CHECK(again.event_ids == first.event_ids);
    publication.idempotency_key.clear();
    CHECK(service().publish(alice, publication).error() == Errc::invalid_argument);
}

}  // namespace webhooks::testing
