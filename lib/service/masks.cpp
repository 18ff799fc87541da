#include <algorithm>
#include <base/ascii.hpp>
#include <service/masks.hpp>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/endpoint.hpp>

namespace webhooks::service {
namespace {

constexpr std::string_view stars = "****";
constexpr std::size_t shown_characters = 4;
/// Less would be known of a shorter secret than is left to guess.
constexpr std::size_t min_length_to_show = 16;

/// Neither prefix can continue with a star in a secret.
constexpr std::string_view default_prefix = "whsec_";
constexpr std::string_view key_prefix = "whsk_";

std::string mask_with(std::string_view prefix) {
    return std::string(prefix) + std::string(stars);
}

bool is_mask(const Secret& secret) {
    return secret.reveal().starts_with(mask_with(default_prefix)) ||
           secret.reveal().starts_with(mask_with(key_prefix));
}

const Header* find(const Headers& headers, const std::string& name) {
    const auto found = std::ranges::find_if(headers, [&](const Header& header) {
        return ascii::lower(header.name) == ascii::lower(name);
    });
    return found == headers.end() ? nullptr : &*found;
}

}  // namespace

Secret mask_of(const Secret& secret) {
    const std::string_view text = secret.reveal();
    std::string mask = mask_with(text.starts_with(key_prefix) ? key_prefix : default_prefix);
    if (text.size() >= min_length_to_show) mask += text.substr(text.size() - shown_characters);
    return Secret(std::move(mask));
}

SubscriptionChange without_masks(SubscriptionChange change) {
    if (change.secret && is_mask(*change.secret)) change.secret.reset();
    if (change.headers) {
        for (Header& header : *change.headers) {
            if (header.value == stars) header.value.clear();
        }
    }
    return change;
}

Result<> check_kept_headers(const Principal& principal, const SubscriptionChange& change,
                            const Subscription& current) {
    if (principal.may(Permission::secrets_read) || !change.url) return {};
    const Result<EndpointUrl> from = EndpointUrl::parse(current.url);
    const Result<EndpointUrl> to = EndpointUrl::parse(*change.url);
    if (!to || (from && from->origin() == to->origin())) return {};
    constexpr const char* reason =
        "must be given with its value: the URL changes to another server, and this caller may not "
        "read what is stored";
    std::vector<FieldError> errors;
    if (!change.headers && !current.headers.empty()) errors.push_back({"headers", reason});
    for (const Header& header : change.headers.value_or(Headers())) {
        if (header.value == stars) errors.push_back({"headers." + header.name, reason});
    }
    if (errors.empty()) return {};
    return Error(std::move(errors));
}

SubscriptionChange unmasked(SubscriptionChange change, const Subscription& current) {
    if (change.secret && *change.secret == mask_of(current.secret)) change.secret.reset();
    if (!change.headers) return change;
    for (Header& header : *change.headers) {
        if (header.value != stars) continue;
        if (const Header* const known = find(current.headers, header.name)) {
            header.value = known->value;
        }
    }
    return change;
}

Result<> check_unmasked(const SubscriptionChange& change) {
    std::vector<FieldError> errors;
    if (change.secret && is_mask(*change.secret)) {
        errors.push_back(
            {"secret", "is the mask of another secret: leave it out, or give a value"});
    }
    for (const Header& header : change.headers.value_or(Headers())) {
        if (header.value != stars) continue;
        errors.push_back({"headers." + header.name, "is a mask, and there is no such header yet"});
    }
    if (errors.empty()) return {};
    return Error(std::move(errors));
}

void show_to(const Principal& principal, Subscription& subscription) {
    if (principal.may(Permission::secrets_read)) return;
    subscription.secret = mask_of(subscription.secret);
    subscription.retired_secrets.clear();
    for (Header& header : subscription.headers)
        header.value = stars;
}

}  // namespace webhooks::service
