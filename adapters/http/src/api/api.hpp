#pragma once

#include <memory>
#include <string>
#include <webhooks/http/authenticator.hpp>
#include <webhooks/observer.hpp>
#include <webhooks/webhook_service.hpp>

#include "../message.hpp"
#include "operations.hpp"
#include "router.hpp"

namespace webhooks::http {

/// Answers requests of the REST API. Any thread, several at once; nothing is thrown.
class Api {
public:
    /// @param service must outlive this object and every `respond` that it was given.
    /// @param authenticator and observer: absent, everyone is refused and nobody is told.
    Api(WebhookService& service, std::shared_ptr<Authenticator> authenticator,
        std::shared_ptr<Observer> observer);

    /// @param respond called exactly once; for a publication perhaps from the service's thread.
    void handle(const Request& request, const Respond& respond) const;

    /// Whether the body of a request, whose head is given, may be as large as a batch of events:
    /// it brings one, and its caller is known, for memory is not for everybody to fill.
    bool may_have_large_body(const Request& head) const;

    /// The answer to what is no request.
    static Response refuse(int status, std::string_view message);

private:
    void answer(const Request& request, Done done) const;
    void perform(const Route& route, const Call& call, Done done) const;

    WebhookService& service_;
    std::shared_ptr<Authenticator> authenticator_;
    std::shared_ptr<Observer> observer_;
};

}  // namespace webhooks::http
