#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/http/authenticator.hpp>
#include <webhooks/http/message.hpp>
#include <webhooks/webhook_service.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace http {

struct ApiOptions {
    /// The path below which the operations are. Begins with `/` and does not end with one; empty:
    /// they are at the root. Health checks are at `/health/…`, the API's description is at
    /// `/openapi.json`, and what Prometheus reads, for administrators, at `/metrics`, wherever this
    /// is.
    std::string base_path = "/v1/webhooks";
    /// Of a body; more is a 413. 1 - 16 MiB; 0: the service's `max_payload_bytes`, and 64 KiB for
    /// what else a publication may have.
    std::size_t max_body_bytes = 0;
    /// The same for a batch of events, but for what `max_body_bytes` allows. At most 64 MiB.
    std::size_t max_batch_body_bytes = 16 * 1024 * 1024;

    /// @return invalid_argument with one FieldError for each member out of its range.
    Result<> validate() const;
};

/// The REST API without a server: a host that has one serves it on its own port, under its own
/// path, behind its own login. `Server` is one such host.
///
/// Every member may be called from any thread, several at once. Nothing is thrown.
class Api {
public:
    /// @param service must outlive this object and every `respond` that it was given.
    /// @param authenticator absent: every request is rejected.
    /// @return invalid_argument for bad options.
    static Result<Api> make(WebhookService& service, std::shared_ptr<Authenticator> authenticator,
                            ApiOptions options = {}, std::shared_ptr<Observer> observer = {});

    Api(Api&&) noexcept;
    Api& operator=(Api&&) noexcept;
    ~Api();

    /// Whether a target lies below the base path, or is a health check, the API's description or
    /// `/metrics`: for a host that serves other things next to this API.
    bool serves(std::string_view target) const;

    /// Answers a whole request. Blocks while storage works; a publication is answered later.
    /// @param respond called exactly once, from this thread or the service's.
    void handle(RequestHead head, std::string body, const Respond& respond) const;

    // ---- The same in two steps, for a server that judges credentials before it reads a body.

    /// A request that may go on with its body.
    class Admission {
    public:
        Admission(Admission&&) noexcept;
        Admission& operator=(Admission&&) noexcept;
        ~Admission();
        /// Reject more with `reject(413, …)`.
        std::size_t max_body_bytes() const noexcept;
        /// Whether the authenticator knew the caller; false where nobody is asked.
        bool is_authenticated() const noexcept;
        /// Whether `answer` may block for as long as storage allows a query: give such requests
        /// threads of their own, so that others need not wait for them.
        bool is_query() const noexcept;
        /// Whose request it is; empty where nobody is asked.
        const std::string& user_id() const noexcept;

    private:
        friend class Api;
        struct Data;
        explicit Admission(std::unique_ptr<Data> data);
        std::unique_ptr<Data> data_;
    };

    /// Asks who sends the request. @return the answer if it is rejected.
    std::variant<Admission, Response> admit(RequestHead head) const;
    /// As `handle`.
    void answer(Admission admission, std::string body, const Respond& respond) const;

    /// The answer to a request that never gets as far as the API.
    static Response reject(int status, std::string_view message);

private:
    friend class Server;
    class Impl;
    explicit Api(std::unique_ptr<Impl>);
    Api for_metrics() const;

    std::unique_ptr<Impl> impl_;
};

/// The status that this API answers an error with.
int status_of(const Error& error);

}  // namespace http
}  // namespace webhooks
