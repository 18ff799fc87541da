#include <algorithm>
#include <base/ascii.hpp>
#include <base/user_id.hpp>
#include <base/utf8.hpp>
#include <catalog/schema.hpp>
#include <filter/payload_filter.hpp>
#include <publication/operational.hpp>
#include <publication/publication.hpp>
#include <service/masks.hpp>
#include <service/validation.hpp>
#include <set>
#include <webhooks/signature.hpp>
#include <webhooks/webhook_service.hpp>

namespace webhooks::service {
namespace {

constexpr std::size_t max_name_length = 256;
constexpr std::size_t max_type_name_length = 128;
constexpr std::size_t max_description_bytes = 1024;
constexpr std::size_t max_group_length = 128;
/// Below `/event-types/` it is the address of the catalog's document.
constexpr std::string_view catalog_name = "openapi.json";
constexpr int max_retry_limit = 100;

/// Collects errors; a failed check of a part adds its own.
class FieldErrorList {
public:
    void expect(bool is_right, std::string_view field, std::string_view message) {
        if (!is_right) add(field, message);
    }

    void add(std::string_view field, std::string_view message) {
        errors_.push_back({std::string(field), std::string(message)});
    }

    void include(const Result<>& check) {
        if (check) return;
        const Error error = check.error();
        errors_.insert(errors_.end(), error.fields().begin(), error.fields().end());
    }

    Result<> result() && {
        if (errors_.empty()) return {};
        return Error(std::move(errors_));
    }

private:
    std::vector<FieldError> errors_;
};

bool is_text_of_length(std::string_view text, std::size_t min, std::size_t max) {
    const auto length = count_code_points(text);
    return length && *length >= min && *length <= max;
}

bool is_segment(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    });
}

bool is_type_name(std::string_view name) {
    if (name.size() > max_type_name_length) return false;
    while (true) {
        const std::size_t dot = name.find('.');
        if (!is_segment(name.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        name.remove_prefix(dot + 1);
    }
}

/// @param nearest the type with the most similar name, or empty
std::string unknown_type(const std::string& nearest) {
    return "is not a registered event type" + (nearest.empty()
                                                   ? std::string(", and none has a similar name")
                                                   : "; did you mean '" + nearest + "'?");
}

/// Empty: it has none.
std::string successor_of(const VisibleTypes::EventTypePtr& type) {
    return type && type->deprecation ? type->deprecation->successor : std::string();
}

/// The similar name is looked up only on error, because that takes time.
void check_subscribed(const std::string& name, const VisibleTypes& types, FieldErrorList& errors) {
    const VisibleTypes::EventTypePtr type = types.find(name);
    if (!type) {
        errors.add("eventType", unknown_type(types.nearest(name)));
    } else if (type->retired_at) {
        errors.add("eventType", was_retired(successor_of(type)));
    }
}

/// What is wrong with a type that a host publishes, or is to publish; empty: nothing.
std::string check_published(const std::string& name, const VisibleTypes& types) {
    if (name.starts_with(operational_prefix)) {
        return "must not begin with 'webhook.', which only the service publishes";
    }
    const VisibleTypes::EventTypePtr type = types.find(name);
    if (!type) return unknown_type(types.nearest_published(name));
    return type->retired_at ? was_retired(successor_of(type)) : std::string();
}

void check_pattern(const std::string& pattern, const VisibleTypes& types, FieldErrorList& errors) {
    const bool is_pattern = pattern == "*" || pattern.ends_with(".*");
    if (!is_pattern && pattern.find('*') != std::string::npos) {
        errors.add("eventType", "must have '*' only alone or after the last dot, as in 'order.*'");
    } else if (!is_pattern && pattern.ends_with('.')) {
        errors.add("eventType",
                   "must not end with a dot; all types below it are '" + pattern + "*'");
    } else if (!is_pattern) {
        check_subscribed(pattern, types, errors);
    } else {
        errors.expect(types.matches_any(pattern), "eventType", "matches no registered event type");
    }
}

void check_filter(const std::string& text, FieldErrorList& errors) {
    const auto filter = filter::PayloadFilter::parse(text);
    if (const auto* error = std::get_if<query::SyntaxError>(&filter)) {
        errors.add("filter", error->message());
    }
}

Result<> check_endpoint(const std::string& text, const EndpointPolicy& policy) {
    const Result<EndpointUrl> url = EndpointUrl::parse(text);
    if (!url) return url.error();
    return check_url(*url, policy);
}

/// A successor that a type already has is not checked again, so that it can be written back.
void check_successor(const std::string& successor, const std::string& name,
                     const VisibleTypes& types, FieldErrorList& errors) {
    const std::string field = "deprecation.successor";
    if (successor_of(types.find(name)) == successor) return;
    if (const std::string error = check_published(successor, types); !error.empty()) {
        return errors.add(field, error);
    }
    std::set<std::string> seen = {successor};
    for (std::string next = successor_of(types.find(successor)); seen.insert(next).second;) {
        if (next == name) return errors.add(field, "leads back to this event type");
        next = successor_of(types.find(next));
    }
}

void check_deprecation(const Deprecation& deprecation, const std::string& name,
                       const VisibleTypes& types, FieldErrorList& errors) {
    const std::string& successor = deprecation.successor;
    errors.expect(successor.empty() || is_type_name(successor), "deprecation.successor",
                  "must be the name of an event type");
    errors.expect(successor.empty() || successor != name, "deprecation.successor",
                  "must be another event type");
    if (is_type_name(successor) && successor != name) {
        check_successor(successor, name, types, errors);
    }
    errors.expect(
        deprecation.note.size() <= max_deprecation_note_bytes && is_storable_text(deprecation.note),
        "deprecation.note", "must be at most 512 bytes of UTF-8 without U+0000");
}

}  // namespace

Result<> check(const SubscriptionChange& change, const Rules& rules) {
    FieldErrorList errors;
    if (change.name) {
        errors.expect(is_text_of_length(*change.name, 1, max_name_length), "name",
                      "must be 1 to 256 characters of UTF-8 without U+0000");
    }
    if (change.event_type) check_pattern(*change.event_type, rules.types, errors);
    if (change.filter && !change.filter->empty()) check_filter(*change.filter, errors);
    if (change.url && change.delivery == Delivery::pull) {
        errors.expect(change.url->empty(), "url",
                      "must be left out, because delivery is 'pull': the events are read from the "
                      "feed");
    } else if (change.url) {
        errors.include(check_endpoint(*change.url, rules.options.endpoints));
    }
    errors.include(check_unmasked(change));
    if (change.secret && !has_masked_secret(change)) errors.include(check_secret(*change.secret));
    if (change.headers) errors.include(check_headers(*change.headers));
    if (change.max_retry_count) {
        errors.expect(*change.max_retry_count >= 0 && *change.max_retry_count <= max_retry_limit,
                      "maxRetryCount", "must be 0 to 100");
    }
    if (change.rate_limit) {
        errors.expect(*change.rate_limit >= 0 && *change.rate_limit <= max_rate_limit, "rateLimit",
                      "must be 0 to " + std::to_string(max_rate_limit));
    }
    if (change.timeout) {
        errors.expect(change.timeout->count() >= 0 && *change.timeout <= max_subscription_timeout,
                      "timeoutSeconds",
                      "must be 1 to " + std::to_string(max_subscription_timeout.count()) +
                          ", or 0 for the transport's own limit");
    }
    return std::move(errors).result();
}

Result<> check_operator_scope(bool operator_scope, std::string_view pattern) {
    FieldErrorList errors;
    errors.expect(!operator_scope || pattern.starts_with(operational_prefix), "operatorScope",
                  "must be false unless eventType begins with 'webhook.'");
    errors.expect(operator_scope || !is_for_operators(pattern), "eventType",
                  "is about workers, which only subscriptions with operatorScope receive");
    return std::move(errors).result();
}

Result<> check(const Publication& publication, const Rules& rules) {
    FieldErrorList errors;
    const std::string wrong_type = check_published(publication.event_type, rules.types);
    errors.expect(wrong_type.empty(), "eventType", wrong_type);
    errors.include(check_members(publication, rules.now, rules.options.max_payload_bytes));
    if (!publication.ordering_key.empty() && !rules.keeps_order) {
        errors.add("orderingKey", "is not available with this storage");
    }
    return std::move(errors).result();
}

Result<> check_size(const std::vector<Publication>& publications, const Rules& rules) {
    const std::size_t max = std::min(max_publications_in_batch, rules.options.max_publish_queue);
    const std::size_t max_bytes = rules.options.max_payload_bytes_in_memory;
    std::size_t bytes = 0;
    for (const Publication& publication : publications) {
        bytes += publication.payload.size();
    }
    FieldErrorList errors;
    errors.expect(!publications.empty() && publications.size() <= max, "events",
                  "must be 1 to " + std::to_string(max) + " publications");
    errors.expect(bytes <= max_bytes, "events",
                  "must have at most " + std::to_string(max_bytes) + " bytes of payloads in total");
    return std::move(errors).result();
}

Result<> check_rotation(const std::optional<Secret>& secret, const Secret& current,
                        std::chrono::seconds overlap) {
    FieldErrorList errors;
    const bool is_current = secret == current;
    if (secret) errors.include(check_secret(*secret));
    errors.expect(!is_current, "secret", "must not be the current one");
    errors.expect(overlap >= std::chrono::seconds(0) && overlap <= max_secret_overlap,
                  "overlapSeconds", "must be 0 to " + std::to_string(max_secret_overlap.count()));
    Result<> verdict = std::move(errors).result();
    // By itself it is a sound request that comes at the wrong time.
    if (is_current && verdict.error().fields().size() == 1) {
        return Error(make_error_code(Errc::conflict), verdict.error().fields());
    }
    return verdict;
}

Error only_for_administrators() {
    return {Errc::forbidden, "only an administrator may set operatorScope"};
}

Error cannot_be_changed(const char* member) {
    return Error(std::vector<FieldError>{
        {member, "cannot be changed; create another subscription instead"}});
}

Result<> check_reach(const Principal& principal, const SubscriptionChange& change,
                     const Subscription& current) {
    const std::string pattern = change.event_type.value_or(current.event_type);
    const bool is_new = pattern != current.event_type;
    if (is_new && principal.subscription() && pattern.starts_with(operational_prefix)) {
        return Error(Errc::forbidden,
                     "a caller that is limited to one subscription may not subscribe it to what "
                     "happens to others");
    }
    // It is fixed: without it, the owner of the subscription would see what it has received.
    if (change.operator_scope.value_or(current.operator_scope) == current.operator_scope) return {};
    if (!principal.is_administrator()) return only_for_administrators();
    return cannot_be_changed("operatorScope");
}

Error only_read() {
    return {Errc::conflict,
            "nothing is sent to this subscription: read its events from its feed instead"};
}

Result<> check(const CreationPeriod& period) {
    FieldErrorList errors;
    errors.expect(!period.until || *period.until > period.since, "until",
                  "must be later than since");
    return std::move(errors).result();
}

Result<> check_event_type(const EventType& type, const VisibleTypes& types) {
    FieldErrorList errors;
    errors.expect(is_type_name(type.name), "name",
                  "must be 1 to 128 characters: letters, digits, '_' and '-' in segments that are "
                  "joined by dots");
    errors.expect(!type.name.starts_with(operational_prefix), "name",
                  "must not begin with 'webhook.', which is reserved");
    errors.expect(ascii::lower(type.name) != catalog_name, "name",
                  "must not be 'openapi.json', which is the address of the catalog");
    errors.expect(
        type.description.size() <= max_description_bytes && is_storable_text(type.description),
        "description", "must be at most 1024 bytes of UTF-8 without U+0000");
    errors.expect(is_text_of_length(type.group, 0, max_group_length), "group",
                  "must be at most 128 characters of UTF-8 without U+0000");
    errors.include(catalog::check_schema(type.schema));
    errors.include(catalog::check_example(type.example));
    if (type.deprecation) check_deprecation(*type.deprecation, type.name, types, errors);
    return std::move(errors).result();
}

Result<> check_principal(const Principal& principal) {
    FieldErrorList errors;
    errors.expect(is_user_id(principal.user_id()), "userId", user_id_rule);
    return std::move(errors).result();
}

}  // namespace webhooks::service
