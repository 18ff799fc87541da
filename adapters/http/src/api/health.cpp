#include <webhooks/webhook_service.hpp>

#include "answers.hpp"
#include "operations.hpp"

namespace webhooks::http {

Result<Response> check_live(WebhookService&, const Call&) {
    json::Writer writer;
    return success(writer.begin_object(), "The server is alive.");
}

Result<Response> check_ready(WebhookService& service, const Call&) {
    if (const auto ready = service.check_ready(); !ready) return ready.error();
    json::Writer writer;
    return success(writer.begin_object(), "The service is ready.");
}

}  // namespace webhooks::http
