#include <algorithm>
#include <base/ascii.hpp>
#include <base/user_id.hpp>
#include <base/utf8.hpp>
#include <publication/publication.hpp>

namespace webhooks {
namespace {

constexpr std::size_t max_idempotency_key_length = 256;
constexpr std::size_t max_content_type_length = 128;
constexpr std::size_t max_ordering_key_length = 256;
constexpr std::chrono::days max_delivery_delay{366};

std::vector<FieldError> payload_errors(std::string_view payload, std::size_t max_bytes) {
    std::vector<FieldError> errors;
    if (payload.size() > max_bytes) {
        errors.push_back({"payload", "must be at most " + std::to_string(max_bytes) + " bytes"});
    }
    if (!is_storable_text(payload)) errors.push_back({"payload", "must be UTF-8 without U+0000"});
    return errors;
}

Result<> result_of(std::vector<FieldError> errors) {
    if (errors.empty()) return {};
    return Error(std::move(errors));
}

std::string text_of(const std::optional<Time>& time) {
    return time ? std::to_string(time->time_since_epoch().count()) : std::string();
}

}  // namespace

Result<> check_payload(std::string_view payload, std::size_t max_payload_bytes) {
    return result_of(payload_errors(payload, max_payload_bytes));
}

Result<> check_members(const Publication& publication, Time now, std::size_t max_payload_bytes) {
    std::vector<FieldError> errors = payload_errors(publication.payload, max_payload_bytes);
    const auto expect = [&](bool is_right, const char* field, const char* message) {
        if (!is_right) errors.push_back({field, message});
    };
    const std::string& content_type = publication.content_type;
    expect(!content_type.empty() && content_type.size() <= max_content_type_length &&
               ascii::is_printable(content_type),
           "contentType", "must be 1 to 128 printable ASCII characters");
    expect(publication.user_id.empty() || is_user_id(publication.user_id), "userId", user_id_rule);
    const std::string& key = publication.idempotency_key;
    expect(key.size() <= max_idempotency_key_length && ascii::is_printable(key), "idempotencyKey",
           "must be 1 to 256 printable ASCII characters");
    const Time deliver_at = publication.deliver_at.value_or(now);
    expect(deliver_at <= now + max_delivery_delay, "deliverAt", "must be at most 366 days ahead");
    // With a key this may repeat a publication that was accepted before it expired; otherwise the
    // event ends as expired.
    if (publication.expires_at && key.empty()) {
        expect(*publication.expires_at > std::max(now, deliver_at), "expiresAt",
               "must be later than now and than deliverAt");
    }
    expect(publication.ordering_key.size() <= max_ordering_key_length &&
               is_storable_text(publication.ordering_key),
           "orderingKey", "must be UTF-8 without U+0000, 1 to 256 bytes");
    expect(publication.ordering_key.empty() || !publication.deliver_at, "orderingKey",
           "cannot be combined with deliverAt");
    return result_of(std::move(errors));
}

std::string was_retired(const std::string& successor) {
    return "was retired" + (successor.empty() ? "" : "; use '" + successor + "' instead");
}

std::string digest_input(const Publication& publication, const std::optional<std::string>& owner) {
    const std::string deliver_at = text_of(publication.deliver_at);
    const std::string expires_at = text_of(publication.expires_at);
    std::string text;
    // Each part is preceded by its length, so that different parts cannot produce the same text.
    const auto add = [&text](std::string_view part) {
        text += std::to_string(part.size());
        text += ':';
        text += part;
    };
    for (const std::string_view part :
         {std::string_view(publication.event_type), std::string_view(publication.content_type),
          owner ? std::string_view(*owner) : std::string_view(), std::string_view(deliver_at),
          std::string_view(expires_at), std::string_view(publication.payload)}) {
        add(part);
    }
    // Without a key the digest is that of versions that had none.
    if (!publication.ordering_key.empty()) add(publication.ordering_key);
    return text;
}

}  // namespace webhooks
