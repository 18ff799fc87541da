#include <webhooks/webhook_service.hpp>

#include "answers.hpp"
#include "documents.hpp"
#include "operations.hpp"

namespace webhooks::http {

Result<Response> list_event_types(WebhookService& service, const Call& call) {
    const auto types = service.event_types(call.caller);
    if (!types) return types.error();
    json::Writer writer;
    writer.begin_object().key("eventTypes").begin_array();
    for (const EventType& type : *types)
        write(writer, type);
    writer.end_array();
    return success(writer, std::to_string(types->size()) + " event types.");
}

}  // namespace webhooks::http
