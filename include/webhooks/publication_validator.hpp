#pragma once

/// @file
/// A host's own rules for what is published.

#include <string_view>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// Checks payloads by rules of the host's, for example by the JSON Schemas of its event types
/// (docs/event-types.md). A service asks it for each publication that is valid otherwise, before
/// anything is stored; not for test events, nor for what is published in SQL. Called on any thread
/// that publishes, on several at once; it should be fast, since the publisher waits. What it throws
/// is logged, and the publication is rejected as unavailable.
class PublicationValidator {
public:
    virtual ~PublicationValidator() = default;

    /// @return invalid_argument with a FieldError for each fault: its field is a place in the
    /// payload, as in "customer.name" or "[0].id", or empty for the whole of it, and callers see
    /// "payload.customer.name". Any other error rejects the publication as it is.
    virtual Result<> check(std::string_view event_type, std::string_view payload) = 0;
};

}  // namespace webhooks
