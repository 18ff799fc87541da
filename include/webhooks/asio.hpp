#pragma once

/// @file
/// For programs that use Boost.Asio: publishing with any completion token (`use_awaitable`,
/// `use_future`, `deferred`, a callback), and delivery on the program's own execution context
/// (`run_on`). Opt-in: no other header needs Asio.
///
/// **g++ 12** destroys an aggregate temporary twice if it is written inside a `co_await`
/// expression, as in `co_await async_publish(service, who, Publication{...}, use_awaitable)`: the
/// program crashes, with any awaited function. Write one of these instead:
/// @code
/// co_await async_publish(service, who, "order.created", payload, use_awaitable);
/// co_await async_publish(service, who, make_order(), use_awaitable);  // a function's value
/// auto publishing = async_publish(service, who, Publication{...}, use_awaitable);
/// co_await std::move(publishing);
/// @endcode

#include <fcntl.h>

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>
#include <webhooks/webhook_service.hpp>

#ifdef BOOST_ASIO_DISABLE_THREADS
#error \
    "webhooks/asio.hpp posts to the host's executor from threads of the service: " \
       "it cannot be used with BOOST_ASIO_DISABLE_THREADS, with which executors have no locks"
#endif

namespace webhooks {
namespace detail {

/// One publication that an Asio handler waits for. The first completion counts: that of the service
/// or that of a cancellation.
template <class Answer, class Handler>
class AsioOperation : public std::enable_shared_from_this<AsioOperation<Answer, Handler>> {
public:
    explicit AsioOperation(Handler handler)
        : handler_(std::move(handler)), work_(boost::asio::make_work_guard(handler_)) {}

    /// Call it once, before anything can call `complete`.
    void watch_cancellation() {
        namespace asio = boost::asio;
        auto slot = asio::get_associated_cancellation_slot(handler_);
        if (!slot.is_connected()) return;
        slot.assign([weak = this->weak_from_this()](asio::cancellation_type type) {
            if ((type & asio::cancellation_type::terminal) == asio::cancellation_type::none) return;
            const std::error_code aborted =
                asio::error::make_error_code(asio::error::operation_aborted);
            if (const auto self = weak.lock()) {
                self->complete(Error(aborted, "cancelled: its outcome is unknown"));
            }
        });
    }

    void complete(Result<Answer> answer) {
        if (is_answered_.exchange(true)) return;
        const auto allocator = boost::asio::get_associated_allocator(handler_);
        boost::asio::post(
            work_.get_executor(),
            boost::asio::bind_allocator(
                allocator, [self = this->shared_from_this(), answer = std::move(answer)]() mutable {
                    self->hand_over(std::move(answer));
                }));
    }

private:
    void hand_over(Result<Answer> answer) {
        boost::asio::get_associated_cancellation_slot(handler_).clear();
        // The service may keep this object alive for longer than the handler should live.
        const auto work = std::move(work_);
        auto handler = std::move(handler_);
        std::move(handler)(std::move(answer));
    }

    Handler handler_;
    boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work_;
    std::atomic<bool> is_answered_{false};
};

/// @param start is passed the function to call with the answer, from any thread.
template <class Answer, class Token, class Start>
auto initiate(Token& token, Start start) {
    return boost::asio::async_initiate<Token, void(Result<Answer>)>(
        [](auto handler, Start begin) {
            const auto operation =
                std::make_shared<AsioOperation<Answer, decltype(handler)>>(std::move(handler));
            operation->watch_cancellation();
            begin([operation](Result<Answer> answer) { operation->complete(std::move(answer)); });
        },
        token, std::move(start));
}

}  // namespace detail

/// As `WebhookService::async_publish`, with a completion token. `void(Result<PublishReceipt>)` is
/// called on the handler's associated executor, never inside this call, and that executor has
/// outstanding work until then.
///
/// A publication cannot be undone. A cancellation (of type terminal, the default of coroutines)
/// ends only the wait, at once, with `boost::asio::error::operation_aborted`. The events may exist
/// nevertheless, and the service's result is dropped. To find out, repeat with an idempotency key.
///
/// @pre The executor's context outlives the service, or its `stop`: the service's thread may still
/// be leaving the context when the handler is called.
template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<PublishReceipt>)) Token>
auto async_publish(WebhookService& service, const Principal& principal, Publication publication,
                   Token&& token) {
    return detail::initiate<PublishReceipt>(
        token, [&service, principal, publication = std::move(publication)](auto done) mutable {
            service.async_publish(principal, std::move(publication), std::move(done));
        });
}

/// As above, for publications that need only a type and a payload. It has no temporary that g++ 12
/// destroys twice: see the top of this file.
template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<PublishReceipt>)) Token>
auto async_publish(WebhookService& service, const Principal& principal, std::string event_type,
                   std::string payload, Token&& token) {
    Publication publication{.event_type = std::move(event_type), .payload = std::move(payload)};
    return async_publish(service, principal, std::move(publication), std::forward<Token>(token));
}

/// As `WebhookService::async_publish_batch`, in the same way.
template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<std::vector<PublishReceipt>>)) Token>
auto async_publish_batch(WebhookService& service, const Principal& principal,
                         std::vector<Publication> publications, Token&& token) {
    return detail::initiate<std::vector<PublishReceipt>>(
        token, [&service, principal, publications = std::move(publications)](auto done) mutable {
            service.async_publish_batch(principal, std::move(publications), std::move(done));
        });
}

namespace detail {

class AsioDriver;

/// Where a driver's turns are scheduled, by any thread. The service's own thread may still call it
/// when the host's context is gone: so it owns no driver, which has parts of that context.
struct AsioTurns {
    explicit AsioTurns(AsioDriver& of) : driver(&of) {}
    void schedule();

    std::atomic<bool> is_scheduled{false};
    std::mutex mutex;    ///< Held while something is posted.
    AsioDriver* driver;  ///< Null: it has ended.
};

/// Calls `run_once` on a strand whenever there is work to do.
class AsioDriver : public std::enable_shared_from_this<AsioDriver> {
public:
    AsioDriver(WebhookService& service, const boost::asio::any_io_executor& executor)
        : service_(&service),
          strand_(boost::asio::make_strand(executor)),
          timer_(strand_),
          descriptor_(strand_) {}

    Result<> begin() {
        if (const Result<int> handle = service_->wait_handle(); handle) {
            boost::system::error_code error;
            descriptor_.assign(::fcntl(*handle, F_DUPFD_CLOEXEC, 0), error);
            if (error) return Error(error, "cannot wait for the transport");
        }
        if (Result<> started = service_->start_storage(); !started) return started;
        Result<> set = service_->set_wake_callback([turns = turns_] { turns->schedule(); });
        if (set) turns_->schedule();
        return set;
    }

    /// Returns when no turn is running, unless called inside one. The service keeps the wake
    /// callback, which does nothing then: it may be the one of another runner already.
    void end() {
        const std::scoped_lock lock(mutex_, turns_->mutex);
        service_ = nullptr;
        turns_->driver = nullptr;
        boost::asio::post(strand_, [self = shared_from_this()] { self->close(); });
    }

private:
    friend AsioTurns;

    void turn() {
        turns_->is_scheduled = false;
        const std::scoped_lock lock(mutex_);
        if (service_ == nullptr) return;
        const Result<std::size_t> done = service_->run_once();
        if (service_ == nullptr) return;
        if (!done && done.error() == Errc::stopped) return close();
        if (done && *done > 0) return turns_->schedule();
        const Result<SteadyTime> wake = service_->next_wake();
        // After an error of its own the service continues, but not at once: it would probably fail
        // again.
        wait(done && wake ? *wake
                          : std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
    }

    void wait(SteadyTime until) {
        const auto resume = [self = shared_from_this()](boost::system::error_code error) {
            if (!error) self->turns_->schedule();
        };
        timer_.expires_at(until);
        timer_.async_wait(resume);
        if (!descriptor_.is_open() || std::exchange(is_waiting_, true)) return;
        descriptor_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                               [this, resume](boost::system::error_code error) {
                                   is_waiting_ = false;
                                   resume(error);
                               });
    }

    void close() {
        timer_.cancel();
        boost::system::error_code ignored;
        descriptor_.close(ignored);
    }

    /// Held during a turn. Recursive, because the host may end the driver inside a turn.
    std::recursive_mutex mutex_;
    WebhookService* service_;
    boost::asio::strand<boost::asio::any_io_executor> strand_;
    boost::asio::steady_timer timer_;
    boost::asio::posix::stream_descriptor descriptor_;
    const std::shared_ptr<AsioTurns> turns_ = std::make_shared<AsioTurns>(*this);
    bool is_waiting_ = false;
};

inline void AsioTurns::schedule() {
    if (is_scheduled.exchange(true)) return;
    const std::scoped_lock lock(mutex);
    if (driver == nullptr) return;
    boost::asio::post(driver->strand_, [self = driver->shared_from_this()] { self->turn(); });
}

}  // namespace detail

/// Runs a service's delivery for as long as this object lives. Any thread may destroy it; the
/// destructor waits for a turn that is running on another thread. Movable.
class AsioRunner {
public:
    explicit AsioRunner(std::shared_ptr<detail::AsioDriver> driver) : driver_(std::move(driver)) {}
    AsioRunner(AsioRunner&&) noexcept = default;
    AsioRunner& operator=(AsioRunner&& other) noexcept {
        std::swap(driver_, other.driver_);
        return *this;
    }
    ~AsioRunner() {
        if (driver_) driver_->end();
    }

private:
    std::shared_ptr<detail::AsioDriver> driver_;
};

/// Delivers on the host's execution context instead of `WebhookService::start`: decisions, requests
/// and observer calls for attempts run in handlers on `executor`, one at a time. Each handler is
/// short: it sends and receives what it can without waiting. Nothing polls, except for DNS lookups
/// in flight (every 5 ms). Commits, some 10-30 ms each, happen on one thread of the service, which
/// also calls the completions of `WebhookService::async_publish`.
///
/// Destroy the runner before the service is destroyed or moved, and before the executor's context.
/// A service has one runner at a time: a later one takes its place, and the earlier is destroyed.
/// `WebhookService::stop` ends it too, and does the remaining work in the calling thread.
/// @return the errors of `WebhookService::start`; a system error if no descriptor is available.
inline Result<AsioRunner> run_on(WebhookService& service,
                                 const boost::asio::any_io_executor& executor) {
    const auto driver = std::make_shared<detail::AsioDriver>(service, executor);
    AsioRunner runner(driver);
    if (Result<> begun = driver->begin(); !begun) return begun.error();
    return runner;
}

}  // namespace webhooks
