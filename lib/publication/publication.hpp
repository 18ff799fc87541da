#pragma once

/// @file
/// Rules for every publication, whether by the service or in a host's own transaction.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/export.hpp>

namespace webhooks {

/// Checks all members except the event type, which must be registered.
/// @return invalid_argument with one FieldError for each wrong member.
WEBHOOKS_EXPORT Result<> check_members(const Publication& publication, Time now,
                                       std::size_t max_payload_bytes);
/// Checks only a payload, as `check_members` does.
WEBHOOKS_EXPORT Result<> check_payload(std::string_view payload, std::size_t max_payload_bytes);

/// What to tell who publishes or subscribes to a retired type. @param successor may be empty.
WEBHOOKS_EXPORT std::string was_retired(const std::string& successor);

/// The input for the digest of an idempotency key's content. Equal only for equal contents.
/// @param owner the owner of the matching subscriptions; absent: everyone.
WEBHOOKS_EXPORT std::string digest_input(const Publication& publication,
                                         const std::optional<std::string>& owner);

}  // namespace webhooks
