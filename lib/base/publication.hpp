#pragma once

/// @file
/// What holds for a publication wherever it is published: by the service, or in a host's own
/// transaction.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/export.hpp>

namespace webhooks {

/// Judges all members but the event type, which must be registered.
/// @return invalid_argument with one FieldError for each member at fault.
WEBHOOKS_EXPORT Result<> check_members(const Publication& publication, Time now,
                                       std::size_t max_payload_bytes);
/// Judges a payload by itself, as `check_members` does.
Result<> check_payload(std::string_view payload, std::size_t max_payload_bytes);

/// What the digest of an idempotency key's content is made of. Equal for equal contents alone.
/// @param owner whose subscriptions match; absent: everyone's.
WEBHOOKS_EXPORT std::string digest_input(const Publication& publication,
                                         const std::optional<std::string>& owner);

}  // namespace webhooks
