#include <storage/sql/subscription_row.hpp>

#include <base/never_destroyed.hpp>
#include <charconv>
#include <storage/sql/exchange.hpp>
#include <storage/sql/header_text.hpp>
#include <string_view>
#include <vector>

namespace soci {

template <>
struct type_conversion<webhooks::Secret> {
    using base_type = std::string;
    static void from_base(const base_type& in, indicator, webhooks::Secret& out) {
        out = webhooks::Secret(in);
    }
    static void to_base(const webhooks::Secret& in, base_type& out, indicator& is_null) {
        out = in.reveal();
        is_null = i_ok;
    }
};

template <>
struct type_conversion<webhooks::RetryOn> {
    using base_type = int;
    static void from_base(base_type in, indicator, webhooks::RetryOn& out) {
        out = webhooks::RetryOn::from_bits(in);
    }
    static void to_base(webhooks::RetryOn in, base_type& out, indicator& is_null) {
        out = in.bits();
        is_null = i_ok;
    }
};

template <>
struct type_conversion<std::chrono::seconds> {
    using base_type = int;
    static void from_base(base_type in, indicator, std::chrono::seconds& out) {
        out = std::chrono::seconds(in);
    }
    static void to_base(std::chrono::seconds in, base_type& out, indicator& is_null) {
        out = static_cast<int>(in.count());
        is_null = i_ok;
    }
};

/// As its name.
template <>
struct type_conversion<webhooks::Delivery> {
    using base_type = std::string;
    static void from_base(const base_type& in, indicator, webhooks::Delivery& out) {
        const bool is_pull = in == to_string(webhooks::Delivery::pull);
        out = is_pull ? webhooks::Delivery::pull : webhooks::Delivery::push;
    }
    static void to_base(webhooks::Delivery in, base_type& out, indicator& is_null) {
        out = to_string(in);
        is_null = i_ok;
    }
};

/// As its name; null also if this version does not know it.
template <>
struct type_conversion<std::optional<webhooks::DeactivationReason>> {
    using base_type = std::string;
    using Reason = webhooks::DeactivationReason;
    static void from_base(const base_type& in, indicator is_null, std::optional<Reason>& out) {
        out.reset();
        for (const Reason reason : {Reason::gone, Reason::failing, Reason::user}) {
            if (is_null != i_null && in == to_string(reason)) out = reason;
        }
    }
    static void to_base(const std::optional<Reason>& in, base_type& out, indicator& is_null) {
        is_null = in ? i_ok : i_null;
        if (in) out = to_string(*in);
    }
};

}  // namespace soci

namespace webhooks::storage {
namespace {

/// Retired secrets as one column: a line "micros secret" for each, in order. Secrets are printable.
std::string write_retired(const std::vector<RetiredSecret>& secrets) {
    std::string text;
    for (const RetiredSecret& retired : secrets) {
        text += std::to_string(to_micros(retired.expires_at));
        text.append(" ").append(retired.secret.reveal()).append("\n");
    }
    return text;
}

/// @param are_encrypted as in `read_headers`
std::vector<RetiredSecret> read_retired(std::string_view text, bool are_encrypted) {
    std::vector<RetiredSecret> secrets;
    while (!text.empty()) {
        const std::size_t middle = text.find(' ');
        const std::size_t end = text.find('\n');
        if (middle == std::string_view::npos || end == std::string_view::npos) {
            if (are_encrypted) secrets.push_back({.secret = Secret(std::string(text))});
            break;
        }
        long long expires_at = 0;
        std::from_chars(text.data(), text.data() + middle, expires_at);
        secrets.push_back({.secret = Secret(std::string(text.substr(middle + 1, end - middle - 1))),
                           .expires_at = from_micros(expires_at)});
        text.remove_prefix(end + 1);
    }
    return secrets;
}

}  // namespace

/// The columns that change, and their variables. The only list of them.
template <class Row, class Visit>
void SubscriptionRow::for_each_column(Row& row, Visit visit) {
    auto& subscription = row.subscription_;
    visit("user_id", subscription.user_id);
    visit("name", subscription.name);
    visit("event_type", subscription.event_type);
    visit("filter", subscription.filter);
    visit("delivery", subscription.delivery);
    visit("url", subscription.url);
    visit("secret", subscription.secret);
    visit("headers", row.headers_);
    visit("max_retry_count", subscription.max_retry_count);
    visit("is_active", subscription.is_active);
    visit("rate_limit", subscription.rate_limit);
    visit("timeout_seconds", subscription.timeout);
    visit("retry_on", subscription.retry_on);
    visit("operator_scope", subscription.operator_scope);
    visit("retired_secrets", row.retired_secrets_);
    visit("failing_since", subscription.failing_since);
    visit("paused_until", subscription.paused_until);
    visit("notified_failing_since", subscription.notified_failing_since);
    visit("deactivation_reason", subscription.deactivation_reason);
    visit("deactivated_at", subscription.deactivated_at);
    visit("created_at", subscription.created_at);
    visit("updated_at", subscription.updated_at);
    visit("revision", subscription.revision);
    visit("key_id", subscription.key_id);
}

/// The names of these columns, as the statements have them.
struct SubscriptionRow::Names {
    std::string all;           ///< `a, b`
    std::string placeholders;  ///< `:a, :b`
    std::string assignments;   ///< `a = :a, b = :b`
};

const SubscriptionRow::Names& SubscriptionRow::names() {
    static const NeverDestroyed<Names> names([] {
        Names made;
        const SubscriptionRow row;
        for_each_column(row, [&made](const std::string& name, const auto&) {
            const char* separator = made.all.empty() ? "" : ", ";
            made.all += separator + name;
            made.placeholders += separator + (":" + name);
            made.assignments += separator + name + " = :" + name;
        });
        return made;
    }());
    return *names;
}

std::string SubscriptionRow::select_where(const std::string& condition) {
    return "SELECT id, deletion, " + names().all + " FROM webhooks_subscription WHERE " + condition;
}

const std::string& SubscriptionRow::insert_returning_id() {
    static const NeverDestroyed<std::string> text("INSERT INTO webhooks_subscription (" +
                                                  names().all + ") VALUES (" +
                                                  names().placeholders + ") RETURNING id");
    return *text;
}

const std::string& SubscriptionRow::update_by_id() {
    static const NeverDestroyed<std::string> text("UPDATE webhooks_subscription SET " +
                                                  names().assignments + " WHERE id = :id");
    return *text;
}

SubscriptionRow::SubscriptionRow(const Subscription& subscription)
    : subscription_(subscription),
      headers_(write_headers(subscription.headers)),
      retired_secrets_(write_retired(subscription.retired_secrets)) {}

Subscription SubscriptionRow::to_subscription() const {
    Subscription subscription = subscription_;
    const bool is_encrypted = subscription.key_id != 0;
    subscription.headers = read_headers(headers_, is_encrypted);
    subscription.retired_secrets = read_retired(retired_secrets_, is_encrypted);
    return subscription;
}

void SubscriptionRow::define(soci::statement& select) {
    select.exchange(soci::into(subscription_.id));
    select.exchange(soci::into(deletion_));
    for_each_column(
        *this, [&select](const char*, auto& variable) { select.exchange(soci::into(variable)); });
}

void SubscriptionRow::bind(soci::statement& change) const {
    for_each_column(*this, [&change](const char* name, const auto& variable) {
        change.exchange(soci::use(variable, name));
    });
}

}  // namespace webhooks::storage
