#pragma once

/// @file
/// The fields of each list, and their columns by name. Tables and switches by column are checked
/// when they are compiled.

#include <algorithm>
#include <array>
#include <query/plan.hpp>
#include <span>
#include <string_view>

namespace webhooks::query {

/// In the documented order.
inline constexpr std::array subscription_fields = {
    Field{"id", Type::number, true},
    Field{"name", Type::text, true},
    Field{"eventType", Type::text, true},
    Field{"url", Type::text, true},
    Field{"secret", Type::text, false},
    Field{"maxRetryCount", Type::number, true},
    Field{"isActive", Type::boolean, true},
    Field{"userId", Type::text, true},
    Field{"headers", Type::text, false},
    Field{"createdAt", Type::time, true},
    Field{"updatedAt", Type::time, true},
    Field{"webhookEvents", Type::text, false},
    Field{"failingSince", Type::time, true},
    Field{"pausedUntil", Type::time, true},
    Field{"deactivationReason", Type::text, true},
    Field{"deactivation", Type::text, false},
    Field{"operatorScope", Type::boolean, true},
    Field{"filter", Type::text, true},
    Field{"delivery", Type::text, true},
};

inline constexpr std::array event_fields = {
    Field{"id", Type::number, true},         Field{"webhookSubscriptionId", Type::number, true},
    Field{"eventType", Type::text, true},    Field{"payload", Type::text, true},
    Field{"statusCode", Type::number, true}, Field{"response", Type::text, true},
    Field{"errorMessage", Type::text, true}, Field{"isSuccess", Type::boolean, true},
    Field{"retryCount", Type::number, true}, Field{"sentAt", Type::time, true},
    Field{"nextRetryAt", Type::time, true},  Field{"createdAt", Type::time, true},
    Field{"orderingKey", Type::text, true},
};

/// `actor` and `object` are the objects that responses have instead of their members.
inline constexpr std::array audit_fields = {
    Field{"id", Type::number, true},       Field{"at", Type::time, true},
    Field{"actor", Type::text, false},     Field{"actorUserId", Type::text, true},
    Field{"actorKind", Type::text, true},  Field{"actorId", Type::text, true},
    Field{"action", Type::text, true},     Field{"object", Type::text, false},
    Field{"objectType", Type::text, true}, Field{"objectId", Type::text, true},
    Field{"userId", Type::text, true},     Field{"subscriptionId", Type::number, true},
    Field{"changes", Type::text, false},   Field{"requestId", Type::text, true},
    Field{"address", Type::text, true},
};

/// The column of a field. Does not compile if there is none of this name.
consteval std::size_t column_of(std::span<const Field> fields, std::string_view name) {
    for (std::size_t column = 0; column < fields.size(); ++column) {
        if (fields[column].name == name) return column;
    }
    throw "no such field";
}

/// Whether a table has a row for each field, in the same order. A row names its field by `field`.
template <class Row>
constexpr bool has_row_for_each(std::span<const Row> table, std::span<const Field> fields) {
    return std::ranges::equal(table, fields, {}, &Row::field, &Field::name);
}

}  // namespace webhooks::query
