#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/http/authenticator.hpp>
#include <webhooks/http/message.hpp>
#include <webhooks/http/portal.hpp>
#include <webhooks/webhook_service.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace http {

struct ApiOptions {
    /// The path prefix of the operations. Starts with `/` and does not end with one; empty: no
    /// prefix. Health checks are always at `/health/…`, the API's description at `/openapi.json`
    /// and the metrics, for administrators, at `/metrics`.
    std::string base_path = "/v1/webhooks";
    /// The maximum size of a body in bytes; a larger one is a 413. 1 - 16 MiB; 0: the service's
    /// `max_payload_bytes`, and 64 KiB for the rest of a publication.
    std::size_t max_body_bytes = 0;
    /// The same for a batch of events, in addition to `max_body_bytes`. At most 64 MiB.
    std::size_t max_batch_body_bytes = 16 * 1024 * 1024;
    /// The number of requests of each caller, counted by this process alone; more are a 429 with
    /// `Retry-After`. A credential may have its own (`Credential::rate`). A batch of n events
    /// counts as n / 100 requests, rounded up. By default there is no limit.
    RequestRate rate_limit = {};
    /// The maximum number of requests that wait for the next event of a feed; more are a 429. If
    /// all wait, one of the user with the most gives its place to another user, and is answered
    /// without events. 1 - 100,000.
    std::size_t max_feed_waits = 500;
    /// The portal, at `/portal/`. Absent: there is none.
    std::optional<PortalOptions> portal = {};

    /// @return invalid_argument with one FieldError for each member out of its range.
    Result<> validate() const;
};

/// Runs the rest of a request that has waited, which blocks while storage works, on one of the
/// host's threads.
using Continue = std::function<void(std::function<void()> rest)>;

/// The REST API without a server: a host with an HTTP server offers it on its own port, under its
/// own path, with its own authentication. `Server` is one such host.
///
/// All member functions may be called from any thread at once. Nothing is thrown. An object that
/// was moved from serves nothing, and answers 503.
class Api {
public:
    /// @param service must outlive this object and all of its uses of `respond`.
    /// @param authenticator absent: every request is rejected.
    /// @return invalid_argument for bad options.
    static Result<Api> make(WebhookService& service, std::shared_ptr<Authenticator> authenticator,
                            ApiOptions options = {}, std::shared_ptr<Observer> observer = {});

    Api(Api&&) noexcept;
    Api& operator=(Api&&) noexcept;
    ~Api();

    /// Whether a target is below the base path, or is a health check, the API's description, the
    /// metrics or of the portal: for a host that serves other things next to this API.
    bool serves(std::string_view target) const;

    /// Handles a complete request. Blocks while storage works; the responses to a publication and
    /// to a reader that waits for the next event of a feed come later.
    /// @param respond called exactly once, from this thread or the service's. What it throws is
    /// logged.
    /// @param stop if requested, the response is no longer needed, and a list query or a wait may
    /// end early.
    /// @param resume reads the events for which a reader has waited. Without it the response has
    /// `hasMore` and no events, so that the reader asks again.
    void handle(RequestHead head, std::string body, const Respond& respond,
                std::stop_token stop = {}, const Continue& resume = {}) const;
    /// Answers the readers of feeds that wait, now and from now on: for a server that stops.
    void end_waits() const;

    // ---- The same in two steps, for a server that checks credentials before it reads a body.

    /// A request whose body may be read now.
    class Admission {
    public:
        Admission(Admission&&) noexcept;
        Admission& operator=(Admission&&) noexcept;
        ~Admission();
        /// Reject a larger body with `reject(413, …)`.
        std::size_t max_body_bytes() const noexcept;
        /// Whether the authenticator identified the caller; false if the operation needs no
        /// authentication.
        bool is_authenticated() const noexcept;
        /// Whether `answer` may block for as long as storage allows a query: run such requests on
        /// separate threads, so that others do not wait for them.
        bool is_query() const noexcept;
        /// The caller; empty if the operation needs no authentication.
        const std::string& user_id() const noexcept;

    private:
        friend class Api;
        struct Data;
        explicit Admission(std::unique_ptr<Data> data);
        std::unique_ptr<Data> data_;
    };

    /// Authenticates the request. @return the response if it is rejected.
    std::variant<Admission, Response> admit(RequestHead head) const;
    /// As `handle`.
    void answer(Admission admission, std::string body, const Respond& respond,
                std::stop_token stop = {}, const Continue& resume = {}) const;

    /// The response to a request that is rejected before it reaches the API.
    static Response reject(int status, std::string_view message);

private:
    friend class Server;
    class Impl;
    explicit Api(std::unique_ptr<Impl>);
    Api for_metrics() const;

    std::unique_ptr<Impl> impl_;
};

/// The status code for an error.
int status_of(const Error& error);

}  // namespace http
}  // namespace webhooks
