#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// That an event type should not be subscribed to any more.
struct Deprecation {
    Time since{};                ///< Set by storage, when the type becomes deprecated.
    std::string successor = {};  ///< The type to use instead, which exists; or empty.
    std::string note = {};       ///< Human-readable; at most `max_deprecation_note_bytes`.

    bool operator==(const Deprecation&) const = default;
};

/// A kind of event that the host publishes and users subscribe to.
struct EventType {
    /// 1-128 characters: segments of letters, digits, `_` and `-`, joined by dots, e.g.
    /// "order.created". `webhook.test` and everything that starts with `webhook.` is reserved for
    /// the library.
    std::string name;
    /// Human-readable; at most 1,024 bytes of UTF-8; may be empty.
    std::string description;
    /// The heading under which it is listed, at most 128 characters. Empty: none.
    std::string group = {};
    /// What its payloads are: an object of JSON Schema 2020-12, as JSON text of at most
    /// `max_event_type_json_bytes` and 32 levels. A `$ref` begins with `#` and refers to something
    /// in the schema. Empty: none. Nothing is validated with it (see PublicationValidator).
    std::string schema = {};
    /// A payload: JSON text of at most `max_event_type_json_bytes`, kept as written. Empty: none.
    std::string example = {};
    /// Set if it is deprecated: it is published as before, but marked.
    std::optional<Deprecation> deprecation = {};

    // ---- Set by storage; ignored when a type is registered.

    /// Set if it is retired: it is neither published nor newly subscribed to.
    std::optional<Time> retired_at = {};
    Time created_at{};      ///< 1970: it was registered by a version that did not record it.
    Time updated_at{};      ///< As above.
    Revision revision = 0;  ///< The configuration's, of its latest change.

    bool operator==(const EventType&) const = default;
};

/// The maximum size of a schema, and of an example.
inline constexpr std::size_t max_event_type_json_bytes = 64 * 1024;
inline constexpr std::size_t max_deprecation_note_bytes = 512;

/// Which event types to list.
struct EventTypeQuery {
    std::optional<std::string> group = {};  ///< Only those of this group; "": those without one.
    bool include_retired = false;           ///< Also retired ones: only for administrators.
};

/// The type of the event that `WebhookService::send_test_event` sends.
inline constexpr std::string_view test_event_type = "webhook.test";

}  // namespace webhooks
