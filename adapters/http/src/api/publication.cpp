#include "publication.hpp"

#include "object_reader.hpp"

namespace webhooks::http {
namespace {

/// Empty is not the same as absent: an administrator's event must not reach everyone by mistake.
std::string text_unless_empty(const ObjectReader& reader, const char* name) {
    const std::optional<std::string> text = reader.text(name);
    if (text && text->empty()) reader.add_error(name, not_empty);
    return text.value_or("");
}

}  // namespace

const json::Names publication_names = {"eventType", "payload",   "userId",     "idempotencyKey",
                                       "deliverAt", "expiresAt", "orderingKey"};

Publication read_publication(json::Members members, std::string prefix, FieldErrors& errors) {
    const ObjectReader reader(std::move(members), std::move(prefix), errors);
    for (const char* name : {"eventType", "payload"}) {
        if (!reader.raw(name)) reader.add_error(name, "is required");
    }
    return {.event_type = reader.text("eventType").value_or(""),
            .payload = std::string(reader.raw("payload").value_or("")),
            .user_id = text_unless_empty(reader, "userId"),
            .idempotency_key = text_unless_empty(reader, "idempotencyKey"),
            .deliver_at = reader.time("deliverAt"),
            .expires_at = reader.time("expiresAt"),
            .ordering_key = text_unless_empty(reader, "orderingKey")};
}

}  // namespace webhooks::http
