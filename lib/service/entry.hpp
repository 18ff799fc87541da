#pragma once

/// @file
/// What every call of a WebhookService goes through.

#include <base/process.hpp>
#include <base/thrown.hpp>
#include <functional>
#include <memory>
#include <metrics/publish_meter.hpp>
#include <service/completion.hpp>
#include <service/masks.hpp>
#include <utility>
#include <webhooks/access.hpp>
#include <webhooks/error.hpp>

namespace webhooks::service {

/// The only way into a service: handles objects that cannot be used, lets no exception out, and
/// allows a callback to destroy the service meanwhile.
template <class Impl, class Call>
auto enter(const std::shared_ptr<Impl>& impl, Call call) -> decltype(call(*impl)) {
    try {
        if (!impl) return Error(Errc::invalid_state, "this WebhookService was moved from");
        if (impl->process != process_id()) {
            return Error(Errc::invalid_state,
                         "this WebhookService belongs to the parent process: open another one");
        }
        const std::shared_ptr<Impl> kept = impl;
        return call(*kept);
    } catch (...) {
        return error_of_thrown();
    }
}

/// The same, for a principal: they need the permission, and see what they may see.
template <class Impl, class Call>
auto enter(const std::shared_ptr<Impl>& impl, const Principal& principal, Action action, Call call)
    -> decltype(call(*impl)) {
    return enter(impl, [&](Impl& entered) -> decltype(call(*impl)) {
        if (Result<> allowed = check_access(principal, action); !allowed) return allowed.error();
        return shown_to(principal, call(entered));
    });
}

/// The same, for a call that publishes.
template <class Impl, class Call>
auto enter_publishing(const std::shared_ptr<Impl>& impl, const Principal& principal,
                      std::size_t publications, Call call) -> decltype(call(*impl)) {
    return enter(impl, [&](Impl& entered) -> decltype(call(*impl)) {
        const metrics::PublishMeter meter(*entered.metrics, *entered.clock, publications);
        const Result<> allowed = check_access(principal, Action::publish);
        auto answer = allowed ? call(entered) : decltype(call(entered))(allowed.error());
        meter.finish(answer);
        return answer;
    });
}

/// The same, for a call whose result comes later.
/// @param make_meter of the completion. @param begin passes on the completion.
template <class Answer, class Impl, class MakeMeter, class Begin>
void enter_async(const std::shared_ptr<Impl>& impl, const Principal& principal, Action action,
                 std::function<void(Result<Answer>)> done, MakeMeter make_meter, Begin begin) {
    std::shared_ptr<Completion<Answer, decltype(make_meter(*impl))>> completion;
    const Result<> begun = enter(impl, [&](Impl& entered) -> Result<> {
        completion = std::make_shared<Completion<Answer, decltype(make_meter(entered))>>(
            std::move(done), entered.call_parts, make_meter(entered));
        if (Result<> allowed = check_access(principal, action); !allowed) return allowed;
        return begin(entered, completion);
    });
    if (begun) return;
    if (completion) return (*completion)(begun.error());
    try {
        if (done) done(begun.error());
    } catch (...) {
        // There is no observer to notify, and nothing is thrown at the caller.
    }
}

/// The same, for a call that publishes.
template <class Answer, class Impl, class Begin>
void enter_publishing_async(const std::shared_ptr<Impl>& impl, const Principal& principal,
                            std::size_t publications, std::function<void(Result<Answer>)> done,
                            Begin begin) {
    enter_async<Answer>(
        impl, principal, Action::publish, std::move(done),
        [&](Impl& entered) {
            return metrics::PublishMeter(*entered.metrics, *entered.clock, publications);
        },
        std::move(begin));
}

}  // namespace webhooks::service
