#pragma once

/// @file
/// Publishing from programs that use Boost.Asio: any completion token will do (`use_awaitable`,
/// `use_future`, `deferred`, a callback). Opt-in: nothing else here needs Asio's headers.
///
/// **g++ 12** destroys a temporary aggregate twice that is written inside a `co_await` expression,
/// as in `co_await async_publish(service, who, Publication{...}, use_awaitable)`: the program
/// crashes, whatever function is called. Write instead one of
/// @code
/// co_await async_publish(service, who, "order.created", payload, use_awaitable);
/// co_await async_publish(service, who, make_order(), use_awaitable);  // a function's value
/// auto publishing = async_publish(service, who, Publication{...}, use_awaitable);
/// co_await std::move(publishing);
/// @endcode

#include <atomic>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#include <webhooks/webhook_service.hpp>

namespace webhooks {
namespace detail {

/// One publication that a handler of Asio waits for. The first answer counts: the service's, or
/// that of a cancellation.
template <class Answer, class Handler>
class AsioOperation : public std::enable_shared_from_this<AsioOperation<Answer, Handler>> {
public:
    explicit AsioOperation(Handler handler)
        : handler_(std::move(handler)), work_(boost::asio::make_work_guard(handler_)) {}

    /// To be called once, before anything may call `complete`.
    void watch_cancellation() {
        namespace asio = boost::asio;
        auto slot = asio::get_associated_cancellation_slot(handler_);
        if (!slot.is_connected()) return;
        slot.assign([weak = this->weak_from_this()](asio::cancellation_type type) {
            if ((type & asio::cancellation_type::terminal) == asio::cancellation_type::none) return;
            const std::error_code aborted =
                asio::error::make_error_code(asio::error::operation_aborted);
            if (const auto self = weak.lock()) {
                self->complete(Error(aborted, "cancelled: what becomes of it is not waited for"));
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
        // The service may hold this object for longer than the handler must live.
        const auto work = std::move(work_);
        auto handler = std::move(handler_);
        std::move(handler)(std::move(answer));
    }

    Handler handler_;
    boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work_;
    std::atomic<bool> is_answered_{false};
};

/// @param start given what is to be called with the answer, from any thread.
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

/// As `WebhookService::async_publish`, with a completion token: `void(Result<PublishReceipt>)` is
/// called on the handler's associated executor, never inside this call, and that executor has work
/// until then.
///
/// What is published cannot be called back. A cancellation (of type terminal, as a coroutine's is
/// by default) ends the waiting at once, with `boost::asio::error::operation_aborted`; the events
/// may exist all the same, and the service's answer is dropped. Repeat with an idempotency key to
/// know.
///
/// @pre The executor's context outlives the service, or its `stop`, whose thread may still be on
/// its way out of the context when the handler is called.
template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<PublishReceipt>)) Token>
auto async_publish(WebhookService& service, const Principal& principal, Publication publication,
                   Token&& token) {
    return detail::initiate<PublishReceipt>(
        token, [&service, principal, publication = std::move(publication)](auto done) mutable {
            service.async_publish(principal, std::move(publication), std::move(done));
        });
}

/// The same for what needs a type and a payload only. It has no temporary that g++ 12 destroys
/// twice: see the top of this file.
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

}  // namespace webhooks
