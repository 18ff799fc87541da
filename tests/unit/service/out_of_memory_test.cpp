#include <cstdlib>
#include <new>
#include <unit/service/fixture.hpp>

#ifndef __SANITIZE_ADDRESS__  // It has operators of its own, and wants all of them or none.

namespace {

/// Allocations that this thread may still make; -1: as many as it wants.
thread_local long allocations_left = -1;

}  // namespace

// Not inline: GCC takes `free` for a mistake where it sees that, and not `malloc`, behind `new`.
[[gnu::noinline]] void* operator new(std::size_t size) {
    if (allocations_left == 0) throw std::bad_alloc();
    if (allocations_left > 0) --allocations_left;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// Memory is used up after so many allocations, until the object goes.
struct Shortage {
    explicit Shortage(long allocations) { allocations_left = allocations; }
    ~Shortage() { allocations_left = -1; }
    Shortage(const Shortage&) = delete;
    Shortage& operator=(const Shortage&) = delete;
};

bool is_fitting(const Error& error) {
    return error == Errc::unavailable || error == Errc::internal;
}

}  // namespace

TEST_CASE_METHOD(ServiceFixture, "wherever memory is used up, a caller has an answer") {
    const Subscription subscription = subscribe();
    settle();
    const std::string payload(100, 'x');
    int refused = 0;
    for (long allocations = 0; allocations < 200; ++allocations) {
        Publication publication{.event_type = "order.created", .payload = payload};
        const Result<PublishReceipt> receipt = [&] {
            const Shortage shortage(allocations);
            return service().publish(alice, std::move(publication));
        }();
        if (!receipt) {
            ++refused;
            INFO(allocations << ": " << receipt.error().to_string());
            CHECK(is_fitting(receipt.error()));
        }
        advance(5s);
        if (receipt) CHECK(event(subscription.id, receipt->event_ids.at(0)).is_success);
    }
    CHECK(refused > 10);
    CHECK(refused < 200);
}

TEST_CASE_METHOD(ServiceFixture, "wherever memory is used up, run_once answers and loses nothing") {
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

TEST_CASE_METHOD(ServiceFixture, "wherever memory is used up, what was in flight is made again") {
    const Subscription subscription = subscribe();
    for (long allocations = 0; allocations < 40; ++allocations) {
        transport->respond([](const OutgoingRequest&) { return std::nullopt; });
        const EventId id = publish();
        settle();
        REQUIRE(transport->under_way().size() == 1);
        service().async_publish(alice, {.event_type = "order.created", .payload = "{}"},
                                [](const Result<PublishReceipt>&) {});
        {
            const Shortage shortage(allocations);
            const Result<std::size_t> done = service().run_once();
            if (!done) CHECK(is_fitting(done.error()));
        }
        for (const Transport::Token token : transport->under_way()) {
            transport->answer(token, {.kind = TransportAnswer::Kind::answered, .status_code = 200});
        }
        transport->respond_with_status(200);
        for (int i = 0; i < 5; ++i)
            advance(5s);
        INFO(allocations);
        CHECK(event(subscription.id, id).is_success);
        CHECK(transport->under_way().empty());
    }
}

}  // namespace webhooks::testing

#endif
