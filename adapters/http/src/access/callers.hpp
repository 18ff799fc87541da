#pragma once

#include <memory>
#include <string>
#include <webhooks/http/authenticator.hpp>
#include <webhooks/http/message.hpp>
#include <webhooks/webhook_service.hpp>

namespace webhooks::http {

/// Who makes a request: by the host's authenticator, or by a session of the portal. Any thread may
/// call.
class Callers {
public:
    /// @param service must outlive this
    Callers(WebhookService& service, std::shared_ptr<Authenticator> authenticator, bool has_portal);

    /// Asks each time, so what has been revoked is unknown. Does not throw.
    /// @return errors as `Authenticator::authenticate`
    Result<Principal> find(const RequestHead& head) const;
    /// The 401 for an error of `find`.
    Response unauthorized(const Error& error) const;

private:
    Result<Principal> ask(const RequestHead& head) const;
    std::string challenge() const;

    WebhookService& service_;
    const std::shared_ptr<Authenticator> authenticator_;
    const bool has_portal_;
};

}  // namespace webhooks::http
