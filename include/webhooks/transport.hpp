#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>
#include <webhooks/endpoint.hpp>
#include <webhooks/event.hpp>
#include <webhooks/export.hpp>
#include <webhooks/metrics.hpp>
#include <webhooks/subscription.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// Where requests of one subscription go. Immutable and shared by all of them: the same pointer
/// means the same URL, headers and policy, so that a transport may keep what it prepared.
struct Target {
    EndpointUrl url;
    Headers headers;
    std::shared_ptr<const EndpointPolicy> policy;
};

/// One signed request, ready to be sent.
struct OutgoingRequest {
    std::shared_ptr<const Target> target;
    std::shared_ptr<const std::string> body;
    std::string content_type;
    std::string webhook_id;         ///< `webhook-id`: the same on every attempt of an event.
    std::string webhook_timestamp;  ///< `webhook-timestamp`: Unix seconds of this attempt.
    std::string webhook_signature;  ///< `webhook-signature`: space-separated signatures.
};

/// What came of one attempt.
struct TransportAnswer {
    enum class Kind : std::uint8_t {
        answered,  ///< A complete status line and headers arrived, whatever the status.
        failed,    ///< The endpoint's failure: look-up, connection, TLS, malformed or late answer.
        not_sent,  ///< A local error (no descriptors, memory or ports), or cancelled: costs no try.
    };
    Kind kind = Kind::failed;
    int status_code = 0;           ///< With `answered` only: 200-599.
    std::string body = {};         ///< With `answered` only: at most 4 KiB, valid UTF-8.
    std::string retry_after = {};  ///< With `answered` only: the header's value as it came.
    std::string error = {};        ///< With `failed` and `not_sent`: for a person; no secret in it.
    FailureReason reason = FailureReason::other;  ///< With `failed` only.
};

/// Makes attempts. It never retries, follows no redirect, and judges no status: a non-2xx answer
/// is an answer.
///
/// A transport is driven by its caller and has no thread of its own: it does I/O, and gives
/// answers, only inside `run`. All members but `wake` are called from one thread at a time. A class
/// that implements it passes the contract suite of webhooks/testing/transport_contract.hpp.
///
/// An exception is caught and logged. After one of `run`, `cancel_all` is called, all attempts in
/// flight count as `not_sent` and are made again later, and answers to them are ignored; after one
/// of `start`, that attempt does.
class Transport {
public:
    using Token = std::uint64_t;

    /// Where answers go.
    class Sink {
    public:
        /// Called inside `run`, once for each token that was started. May call `start`.
        virtual void on_answer(Token, TransportAnswer) = 0;

    protected:
        ~Sink() = default;
    };

    virtual ~Transport() = default;

    /// Begins one attempt. Its answer is given by a later `run`, at the latest when the transport's
    /// deadline for an attempt has passed. @pre `token` belongs to no attempt under way.
    virtual void start(Token token, OutgoingRequest request) = 0;

    /// Does I/O until at least one answer was given, `until` has come, or `wake` was called since
    /// the last return. With `until`, a time of `std::chrono::steady_clock`, in the past: what can
    /// be done without waiting.
    virtual void run(SteadyTime until, Sink& sink) = 0;

    /// Makes a `run` under way, or else the next one, return soon. Any thread, at any time.
    virtual void wake() = 0;

    /// A descriptor that is readable when `run` has something to do for what came from outside, for
    /// a host that waits for it in a loop of its own; -1: there is none. It is the transport's to
    /// close.
    virtual int wait_handle() const { return -1; }

    /// When `run` is to be called next though nothing comes, by `std::chrono::steady_clock`: a
    /// deadline, or what is ready already (a time in the past). One that keeps this body is looked
    /// at every 10 ms by a host with a loop of its own.
    virtual SteadyTime next_wake() const {
        return std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
    }

    /// What it counts, for `WebhookService::metrics`; no label may hold a URL, host or address. Any
    /// thread, at any time, without waiting for I/O.
    virtual std::vector<MetricFamily> metrics() const { return {}; }

    /// Ends everything under way; each is answered `not_sent` by the next `run`.
    virtual void cancel_all() = 0;
};

}  // namespace webhooks
