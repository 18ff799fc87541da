#pragma once

#include <webhooks/subscription.hpp>

namespace webhooks::storage {

/// Shows a visitor each member that a user can change, in two versions, by its name in the REST
/// API: `visitor.value(name, before, after)`, or `url` or `secret` for those of which not all may
/// be told.
template <class Visitor>
void compare_members(const Subscription& before, const Subscription& after, Visitor& visitor) {
    visitor.value("name", before.name, after.name);
    visitor.value("eventType", before.event_type, after.event_type);
    visitor.value("filter", before.filter, after.filter);
    visitor.value("delivery", before.delivery, after.delivery);
    visitor.url("url", before.url, after.url);
    visitor.secret("secret", before.secret, after.secret);
    visitor.secret("headers", before.headers, after.headers);
    visitor.value("maxRetryCount", before.max_retry_count, after.max_retry_count);
    visitor.value("isActive", before.is_active, after.is_active);
    visitor.value("rateLimit", before.rate_limit, after.rate_limit);
    visitor.value("timeoutSeconds", before.timeout, after.timeout);
    visitor.value("retryOn", before.retry_on, after.retry_on);
    visitor.value("operatorScope", before.operator_scope, after.operator_scope);
}

}  // namespace webhooks::storage
