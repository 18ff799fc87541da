#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>
#include <webhooks/endpoint.hpp>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/export.hpp>
#include <webhooks/metrics.hpp>
#include <webhooks/subscription.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// The destination of a subscription's requests. Immutable and shared by all of them: the same
/// pointer means the same URL, headers and policy, so that a transport can cache what it prepared.
struct Target {
    EndpointUrl url;
    Headers headers;
    std::shared_ptr<const EndpointPolicy> policy;
};

struct OutgoingRequest;

/// Signs the requests to one target. Not thread-safe.
class RequestSigner {
public:
    virtual ~RequestSigner() = default;

    /// The `webhook-signature` of a request.
    /// @return why the secret cannot sign.
    virtual Result<std::string> sign(const OutgoingRequest& request) = 0;
};

/// One signed request, ready to be sent.
struct OutgoingRequest {
    std::shared_ptr<const Target> target;
    std::shared_ptr<const std::string> body;
    std::string content_type;
    std::string webhook_id;         ///< `webhook-id`: the same on every attempt of an event.
    std::string webhook_timestamp;  ///< `webhook-timestamp`: Unix seconds of this attempt.
    std::string webhook_signature;  ///< `webhook-signature`: space-separated signatures.
    /// If set, there is no signature yet: only for a transport that `signs`.
    std::shared_ptr<RequestSigner> signer = {};
    /// Sent in addition to those of the target; they differ from these.
    Headers headers = {};
    /// For the whole attempt; 0: the transport's own limit.
    std::chrono::milliseconds timeout{0};
    /// Where `timeout` is 0, the attempt takes at most this even if the transport's own limit is
    /// longer; 0: it may be.
    std::chrono::milliseconds max_timeout{0};
};

/// The result of one attempt.
struct TransportAnswer {
    enum class Kind : std::uint8_t {
        answered,  ///< A complete status line and headers arrived, whatever the status.
        failed,    ///< The endpoint failed: lookup, connection, TLS, malformed or late response.
        not_sent,  ///< A local error (descriptors, memory, ports) or cancelled: costs no attempt.
    };
    Kind kind = Kind::failed;
    int status_code = 0;           ///< With `answered` only: 200-599.
    std::string body = {};         ///< With `answered` only: at most 4 KiB, valid UTF-8.
    std::string retry_after = {};  ///< With `answered` only: the header's value, unchanged.
    std::string error = {};        ///< With `failed`, `not_sent`: human-readable; without secrets.
    FailureReason reason = FailureReason::other;  ///< With `failed` only.
    /// Of a failure, for the log; null if unknown. After a 2xx status it is ignored.
    std::shared_ptr<const AttemptDetails> details = {};
};

/// Makes attempts. It never retries, follows no redirect, and interprets no status: a non-2xx
/// response is an answer.
///
/// A transport is driven by its caller: it delivers answers only inside `run`, and does I/O there
/// or on threads of its own, which end with `cancel_all`. All member functions except `wake` and
/// `metrics` are called from one thread at a time. An implementation must pass the contract suite
/// of webhooks/testing/transport_contract.hpp.
///
/// Exceptions are caught and logged. After one from `run`, `cancel_all` is called, all attempts in
/// flight count as `not_sent` and are repeated later, and answers to them are ignored. After one
/// from `start`, the same applies to that attempt.
class Transport {
public:
    using Token = std::uint64_t;

    /// Receives the answers.
    class Sink {
    public:
        /// Called inside `run`, once for each token that was started. May call `start`.
        virtual void on_answer(Token, TransportAnswer) = 0;

    protected:
        ~Sink() = default;
    };

    virtual ~Transport() = default;

    /// Starts one attempt. A later `run` delivers its answer, at the latest when the request's
    /// timeout or, if it has none, the transport's limit for an attempt has passed. @pre `token`
    /// belongs to no attempt in flight.
    virtual void start(Token token, OutgoingRequest request) = 0;

    /// Does I/O until at least one answer was delivered, `until` is reached, or `wake` was called
    /// since the last return. With `until`, a time of `steady_now`, in the past:
    /// does what is possible without waiting.
    virtual void run(SteadyTime until, Sink& sink) = 0;

    /// Makes the current or next `run` return soon. May be called on any thread, at any time.
    virtual void wake() = 0;

    /// Whether requests may have a `signer` instead of a signature. The transport then signs those
    /// of one host (scheme, name and port) on one thread at a time, and answers with `failed`,
    /// reason `other`, if that fails. Does not change.
    virtual bool signs() const { return false; }

    /// The clock that this transport waits by: the system's, unless it uses a test's clock. A
    /// service converts between this clock and its own.
    virtual SteadyTime steady_now() const { return std::chrono::steady_clock::now(); }

    /// A descriptor that is readable when `run` has external events to handle, for a host with its
    /// own event loop; -1: there is none. The transport closes it.
    virtual int wait_handle() const { return -1; }

    /// When to call `run` next if no external event arrives, by `steady_now`: a
    /// deadline, or a time in the past if work is ready. With this default implementation, a host
    /// with its own loop polls every 10 ms.
    virtual SteadyTime next_wake() const { return steady_now() + std::chrono::milliseconds(10); }

    /// What the transport counts, for `WebhookService::metrics`. No label may contain a URL, host
    /// or address. Any thread, at any time; does not wait for I/O.
    virtual std::vector<MetricFamily> metrics() const { return {}; }

    /// Ends all attempts in flight; the next `run` answers each with `not_sent`.
    virtual void cancel_all() = 0;
};

}  // namespace webhooks
