#include <unit/allocations.hpp>
#include <unit/service/fixture.hpp>
#include <webhooks/testing/faulty_storage.hpp>

#ifndef __SANITIZE_ADDRESS__

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

bool is_fitting(const Error& error) {
    return error == Errc::unavailable || error == Errc::internal;
}

}  // namespace

TEST_CASE("where memory is used up as the first event of a subscription comes, it is sent later") {
    for (long allocations = 0; allocations < 100; ++allocations) {
        ServiceFixture fixture;
        const Subscription subscription = fixture.subscribe();
        const EventId id = fixture.publish();
        {
            const Shortage shortage(allocations);
            static_cast<void>(fixture.service().run_once());
        }
        for (int i = 0; i < 5; ++i)
            fixture.advance(5s);
        INFO(allocations);
        CHECK(fixture.event(subscription.id, id).is_success);
    }
}

TEST_CASE("where memory is used up as changes are read, no publication misses a subscription") {
    for (long allocations = 0; allocations < 120; ++allocations) {
        ServiceFixture fixture;
        WebhookService other = WebhookService::open({.storage = fixture.storage,
                                                     .transport = std::make_shared<FakeTransport>(),
                                                     .clock = fixture.clock})
                                   .value();
        const SubscriptionDraft draft{
            .name = "mine", .event_type = "order.created", .url = "https://a.example.com/"};
        other.create_subscription(alice, draft).value();
        other.create_subscription(alice, draft).value();
        fixture.clock->advance(2s);
        {
            const Shortage shortage(allocations);
            static_cast<void>(fixture.service().run_once());
        }
        for (int i = 0; i < 3; ++i)
            fixture.advance(1s);
        INFO(allocations);
        const PublishReceipt receipt =
            fixture.service()
                .publish(alice, {.event_type = "order.created", .payload = "{}"})
                .value();
        CHECK(receipt.event_ids.size() == 2);
    }
}

TEST_CASE_METHOD(ServiceFixture,
                 "a completion is called where memory is used up and storage away") {
    const auto faulty = std::make_shared<FaultyStorage>(make_memory_storage(clock));
    storage = faulty;
    running.reset();
    open();
    faulty->break_calls({.count = FaultyStorage::indefinitely});
    for (long allocations = 0; allocations < 20; ++allocations) {
        advance(2s);
        int answers = 0;
        service().async_publish(alice, {.event_type = "order.created", .payload = "{}"},
                                [&](const Result<PublishReceipt>&) { ++answers; });
        {
            const Shortage shortage(allocations);
            static_cast<void>(service().run_once());
        }
        settle();
        CHECK(answers == 1);
    }
}

TEST_CASE_METHOD(ServiceFixture, "wherever memory is used up, a caller gets a result") {
    const Subscription subscription = subscribe();
    settle();
    const std::string payload(100, 'x');
    int rejected = 0;
    for (long allocations = 0; allocations < 200; ++allocations) {
        Publication publication{.event_type = "order.created", .payload = payload};
        const Result<PublishReceipt> receipt = [&] {
            const Shortage shortage(allocations);
            return service().publish(alice, std::move(publication));
        }();
        if (!receipt) {
            ++rejected;
            INFO(allocations << ": " << receipt.error().to_string());
            CHECK(is_fitting(receipt.error()));
        }
        advance(5s);
        if (receipt) CHECK(event(subscription.id, receipt->event_ids.at(0)).is_success);
    }
    CHECK(rejected > 10);
    CHECK(rejected < 200);
}

TEST_CASE_METHOD(ServiceFixture, "wherever memory is used up, run_once returns and loses nothing") {
    const Subscription subscription = subscribe();
    settle();
    for (long allocations = 0; allocations < 150; ++allocations) {
        const EventId id = publish();
        int answers = 0;
        service().async_publish(alice, {.event_type = "order.created", .payload = "{}"},
                                [&](const Result<PublishReceipt>&) { ++answers; });
        {
            const Shortage shortage(allocations);
            const Result<std::size_t> done = service().run_once();
            if (!done) CHECK(is_fitting(done.error()));
        }
        for (int i = 0; i < 5; ++i)
            advance(5s);
        INFO(allocations);
        CHECK(answers == 1);
        CHECK(event(subscription.id, id).is_success);
    }
}

TEST_CASE_METHOD(ServiceFixture, "wherever memory is used up, attempts in flight are repeated") {
    const Subscription subscription = subscribe();
    for (long allocations = 0; allocations < 40; ++allocations) {
        transport->respond([](const OutgoingRequest&) { return std::nullopt; });
        const EventId id = publish();
        settle();
        REQUIRE(transport->in_flight().size() == 1);
        service().async_publish(alice, {.event_type = "order.created", .payload = "{}"},
                                [](const Result<PublishReceipt>&) {});
        {
            const Shortage shortage(allocations);
            const Result<std::size_t> done = service().run_once();
            if (!done) CHECK(is_fitting(done.error()));
        }
        for (const Transport::Token token : transport->in_flight()) {
            transport->answer(token, {.kind = TransportAnswer::Kind::answered, .status_code = 200});
        }
        transport->respond_with_status(200);
        for (int i = 0; i < 5; ++i)
            advance(5s);
        INFO(allocations);
        CHECK(event(subscription.id, id).is_success);
        CHECK(transport->in_flight().empty());
    }
}

TEST_CASE("where memory is used up, what is half done is not used, also while storage is away") {
    for (long allocations = 0; allocations < 40; ++allocations) {
        ServiceFixture fixture;
        const auto faulty = std::make_shared<FaultyStorage>(make_memory_storage(fixture.clock));
        fixture.storage = faulty;
        fixture.options.max_in_flight = 2;
        fixture.running.reset();
        fixture.open();
        fixture.subscribe(alice, "order.shipped");
        const Subscription subscription = fixture.subscribe();
        // Its host may have two requests then, and an unproven subscription one of two slots.
        fixture.service().publish(alice, {.event_type = "order.shipped", .payload = "{}"}).value();
        fixture.settle();
        fixture.transport->respond([](const OutgoingRequest&) { return std::nullopt; });
        const EventId first = fixture.publish();
        const EventId second = fixture.publish();
        fixture.settle();
        REQUIRE(fixture.transport->in_flight().size() == 1);
        faulty->break_calls({.count = FaultyStorage::indefinitely});
        fixture.advance(2s);
        fixture.transport->answer(fixture.transport->in_flight().front(),
                                  {.kind = TransportAnswer::Kind::not_sent, .error = "no ports"});
        {
            const Shortage shortage(allocations);
            static_cast<void>(fixture.service().run_once());
        }
        for (int i = 0; i < 3; ++i) {
            static_cast<void>(fixture.service().run_once());
        }
        faulty->repair();
        fixture.transport->respond_with_status(200);
        for (const Transport::Token token : fixture.transport->in_flight()) {
            fixture.transport->answer(
                token, {.kind = TransportAnswer::Kind::answered, .status_code = 200});
        }
        for (int i = 0; i < 5; ++i)
            fixture.advance(5s);
        INFO(allocations);
        CHECK(fixture.event(subscription.id, first).is_success);
        CHECK(fixture.event(subscription.id, second).is_success);
    }
}

TEST_CASE("wherever memory is used up, a filter that is parsed is an error") {
    const std::string text = "eventType eq 'order.created' and isSuccess eq false";
    long allocations = 0;
    for (bool is_parsed = false; !is_parsed; ++allocations) {
        REQUIRE(allocations < 200);
        const Shortage shortage(allocations);
        const Result<Filter> filter = Filter::parse(text);
        is_parsed = filter.has_value();
        if (!is_parsed) CHECK(filter.error() == Errc::unavailable);
    }
    CHECK(allocations > 3);
}

}  // namespace webhooks::testing

#endif
