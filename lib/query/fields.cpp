#include <query/plan.hpp>

namespace webhooks::query {
namespace {

constexpr Field subscription_fields[] = {
    {"id", Type::number, true},        {"name", Type::text, true},
    {"eventType", Type::text, true},   {"url", Type::text, true},
    {"secret", Type::text, false},     {"maxRetryCount", Type::number, true},
    {"isActive", Type::boolean, true}, {"userId", Type::text, true},
    {"headers", Type::text, false},    {"createdAt", Type::time, true},
    {"updatedAt", Type::time, true},   {"webhookEvents", Type::text, false},
};

constexpr Field event_fields[] = {
    {"id", Type::number, true},         {"webhookSubscriptionId", Type::number, true},
    {"eventType", Type::text, true},    {"payload", Type::text, true},
    {"statusCode", Type::number, true}, {"response", Type::text, true},
    {"errorMessage", Type::text, true}, {"isSuccess", Type::boolean, true},
    {"retryCount", Type::number, true}, {"sentAt", Type::time, true},
    {"nextRetryAt", Type::time, true},  {"createdAt", Type::time, true},
};

}  // namespace

std::span<const Field> fields_of(ListKind kind) {
    if (kind == ListKind::events) return event_fields;
    return subscription_fields;
}

}  // namespace webhooks::query
