#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <unit/service/fixture.hpp>
#include <webhooks/asio.hpp>
#include <webhooks/forwarding_storage.hpp>

namespace webhooks::testing {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// A storage that can block writes of publications, and counts them.
class GatedStorage final : public ForwardingStorage {
public:
    using ForwardingStorage::ForwardingStorage;

    Result<BatchReceipt> write(WorkerId self, const Batch& batch) override {
        if (!batch.appends.empty()) {
            std::unique_lock lock(mutex_);
            ++writes_;
            changed_.notify_all();
            changed_.wait(lock, [this] { return is_open_; });
        }
        return ForwardingStorage::write(self, batch);
    }

    void set_open(bool is_open) {
        const std::scoped_lock lock(mutex_);
        is_open_ = is_open;
        changed_.notify_all();
    }

    void wait_for_a_write() {
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, 10s, [this] { return writes_ > 0; }));
    }

    int writes() {
        const std::scoped_lock lock(mutex_);
        return writes_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_open_ = true;
    int writes_ = 0;
};

/// A running service, whose clock stands still, and the host's io_context.
struct AsioFixture : ServiceFixture {
    std::shared_ptr<GatedStorage> gate = std::make_shared<GatedStorage>(storage);
    asio::io_context io;
    SubscriptionId subscription{};

    AsioFixture() {
        storage = gate;
        running.reset();
        open();
        subscription = subscribe().id;
        service().start().value();
    }
    ~AsioFixture() {
        gate->set_open(true);
        running.reset();  // Before `io`, which its thread may still be leaving.
    }

    /// Runs ready handlers until a condition holds.
    template <class Condition>
    void run_until(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!condition()) {
            REQUIRE(std::chrono::steady_clock::now() < end);
            io.restart();
            io.run_one_for(100ms);
        }
    }

    std::int64_t events() {
        return service().events(alice, subscription, {.take = 0}).value().total.value();
    }
};

const Publication order{.event_type = "order.created", .payload = "{}"};

}  // namespace

TEST_CASE_METHOD(AsioFixture, "a coroutine has its receipt on its own executor") {
    const auto strand = asio::make_strand(io);
    std::optional<Result<PublishReceipt>> receipt;
    const std::vector<Publication> batch(2, order);
    std::optional<Result<std::vector<PublishReceipt>>> receipts;
    asio::co_spawn(
        strand,
        [&]() -> asio::awaitable<void> {
            receipt = co_await async_publish(service(), alice, order, asio::use_awaitable);
            CHECK(strand.running_in_this_thread());
            receipts = co_await async_publish_batch(service(), alice, batch, asio::use_awaitable);
            CHECK(strand.running_in_this_thread());
        },
        asio::detached);
    // It has work until all results have arrived.
    io.run();
    CHECK(receipt.value().value().event_ids.size() == 1);
    CHECK(receipts.value().value().size() == 2);
    CHECK(events() == 3);
}

TEST_CASE_METHOD(AsioFixture,
                 "temporaries are destroyed once, in the forms that the header names") {
    int published = 0;
    const std::string long_payload(100, 'x');
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            const auto plain =
                co_await async_publish(service(), Principal::user("alice"), "order.created",
                                       std::string(long_payload), asio::use_awaitable_t<>());
            published += plain.has_value() ? 1 : 0;
            const auto make = [&] {
                return Publication{.event_type = "order.created", .payload = long_payload};
            };
            const auto made = co_await async_publish(service(), Principal::user("alice"), make(),
                                                     asio::use_awaitable_t<>());
            published += made.has_value() ? 1 : 0;
            auto publishing =
                async_publish(service(), Principal::user("alice"),
                              Publication{.event_type = "order.created", .payload = long_payload},
                              asio::use_awaitable_t<>());
            const auto later = co_await std::move(publishing);
            published += later.has_value() ? 1 : 0;
            auto publishing_batch = async_publish_batch(
                service(), Principal::user("alice"),
                {Publication{.event_type = "order.created", .payload = long_payload},
                 Publication{.event_type = "order.created", .payload = long_payload}},
                asio::use_awaitable_t<>());
            const auto batch = co_await std::move(publishing_batch);
            published += batch.has_value() ? static_cast<int>(batch->size()) : 0;
        },
        asio::detached);
    io.run();
    CHECK(published == 5);
    CHECK(events() == 5);
}

TEST_CASE_METHOD(AsioFixture, "any completion token does") {
    auto future = async_publish(service(), alice, order, asio::use_future);
    CHECK(future.get().value().event_ids.size() == 1);

    auto later = async_publish(service(), alice, order, asio::deferred);
    CHECK(events() == 1);
    std::optional<Result<PublishReceipt>> receipt;
    std::move(later)(asio::bind_executor(
        io, [&](Result<PublishReceipt> answer) { receipt = std::move(answer); }));
    io.run();
    CHECK(receipt.value().has_value());

    std::promise<std::thread::id> caller;
    async_publish_batch(service(), alice, {order}, [&](const auto& receipts) {
        CHECK(receipts.has_value());
        caller.set_value(std::this_thread::get_id());
    });
    const bool is_elsewhere = caller.get_future().get() != std::this_thread::get_id();
    CHECK(is_elsewhere);
    CHECK(events() == 3);
}

TEST_CASE_METHOD(AsioFixture, "an immediate failure is also delivered on the executor") {
    std::optional<Result<PublishReceipt>> receipt;
    async_publish(service(), alice, {.event_type = "nonsense", .payload = ""},
                  asio::bind_executor(
                      io, [&](Result<PublishReceipt> answer) { receipt = std::move(answer); }));
    CHECK_FALSE(receipt);
    io.run();
    REQUIRE(receipt);
    CHECK(receipt->error() == Errc::invalid_argument);
}

TEST_CASE_METHOD(AsioFixture, "coroutines that publish at once share their commits") {
    constexpr int coroutines = 1000;
    gate->set_open(false);
    int begun = 0;
    int published = 0;
    for (int i = 0; i < coroutines; ++i) {
        asio::co_spawn(
            io,
            [&]() -> asio::awaitable<void> {
                // Runs once the last of them has submitted its publication.
                if (++begun == coroutines) asio::post(io, [&] { gate->set_open(true); });
                const auto receipt =
                    co_await async_publish(service(), alice, order, asio::use_awaitable);
                if (receipt) ++published;
            },
            asio::detached);
    }
    io.run();
    CHECK(published == coroutines);
    CHECK(events() == coroutines);
    // The first ones, and then the rest, 500 at a time.
    CHECK(gate->writes() <= 3);
}

TEST_CASE_METHOD(AsioFixture, "a single publication does not wait for others") {
    // A wait for others would not end: the service's clock stands still.
    std::optional<Result<PublishReceipt>> receipt;
    async_publish(service(), alice, order,
                  asio::bind_executor(
                      io, [&](Result<PublishReceipt> answer) { receipt = std::move(answer); }));
    run_until([&] { return receipt.has_value(); });
    CHECK(receipt->has_value());
}

TEST_CASE_METHOD(AsioFixture, "a cancelled publication is not waited for, and still happens") {
    gate->set_open(false);
    asio::cancellation_signal signal;
    std::vector<Result<PublishReceipt>> answers;
    async_publish(service(), alice, order,
                  asio::bind_cancellation_slot(
                      signal.slot(), asio::bind_executor(io, [&](Result<PublishReceipt> answer) {
                          answers.push_back(std::move(answer));
                      })));
    gate->wait_for_a_write();
    SECTION("at once") {
        signal.emit(asio::cancellation_type::terminal);
        CHECK(answers.empty());
        io.run();
        REQUIRE(answers.size() == 1);
        CHECK(answers[0].error().code() ==
              std::error_code(asio::error::make_error_code(asio::error::operation_aborted)));
        gate->set_open(true);
        service().stop(10s).value();
        io.restart();
        io.run();
        CHECK(answers.size() == 1);
    }
    SECTION("not if the cancellation must have no effect") {
        signal.emit(asio::cancellation_type::total);
        io.poll();
        CHECK_FALSE(io.stopped());
        gate->set_open(true);
        io.run();
        REQUIRE(answers.size() == 1);
        CHECK(answers[0].has_value());
    }
    SECTION("nor after its result") {
        gate->set_open(true);
        io.run();
        signal.emit(asio::cancellation_type::all);
        io.restart();
        io.run();
        REQUIRE(answers.size() == 1);
        CHECK(answers[0].has_value());
    }
    CHECK(events() == 1);
}

}  // namespace webhooks::testing
