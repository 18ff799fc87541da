#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>

namespace webhooks {

/// What `webhook-id` consists of: "TAG_NUMBER", the tag as 16 hexadecimal digits.
struct WebhookId {
    std::uint64_t worker_tag = 0;  ///< As in HeldEvent.
    EventId event{};

    bool operator==(const WebhookId&) const = default;
};

WEBHOOKS_EXPORT std::string to_string(const WebhookId& id);
/// @return nullopt for text that `to_string` does not write.
std::optional<WebhookId> parse_webhook_id(std::string_view text);

}  // namespace webhooks
