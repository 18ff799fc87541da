#include <endpoint/ip_text.hpp>
#include <endpoint/reserved_names.hpp>
#include <endpoint/special_networks.hpp>
#include <span>

namespace webhooks {
namespace {

/// The same for every address: more would tell the user what is there. Users cannot change the
/// policy, so it names none of its members.
constexpr const char* address_rejected =
    "address not allowed: it is not public. Use one that the internet can reach, or ask the "
    "operator of this service to allow it";
constexpr const char* name_rejected =
    "address not allowed: the name is reserved, or has no dot. Use one that the internet can "
    "reach, or ask the operator of this service to allow it";

Error url_error(std::string message) {
    return Error(std::vector<FieldError>{{"url", std::move(message)}});
}

IpAddress unmapped(const IpAddress& address) {
    if (!endpoint::contains(endpoint::ipv4_mapped, address)) return address;
    IpAddress result;
    std::copy_n(address.bytes + 12, 4, result.bytes);
    return result;
}

bool is_public(const IpAddress& address) {
    if (address.is_v6 && !endpoint::contains(endpoint::global_ipv6, address)) return false;
    return std::ranges::none_of(endpoint::special_networks, [&](const Network& network) {
        return endpoint::contains(network, address);
    });
}

bool may_dial(const IpAddress& given, const EndpointPolicy& policy) {
    const IpAddress address = unmapped(given);
    return is_public(address) ||
           std::ranges::any_of(policy.allowed_networks,
                               [&](const Network& network) { return network.contains(address); });
}

bool is_among(std::string_view name, std::span<const std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
}

bool is_reserved(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ||
           is_among(name.substr(dot + 1), endpoint::reserved_top_labels) ||
           is_among(name, endpoint::metadata_hosts);
}

constexpr std::string_view wildcard = "*.";

bool matches(std::string_view name, std::string_view pattern) {
    const std::string lower = ascii::lower(pattern);
    if (!lower.starts_with(wildcard)) return lower == name;
    return name.ends_with(std::string_view(lower).substr(1));
}

bool is_allowed_host(std::string_view name, const EndpointPolicy& policy) {
    return std::ranges::any_of(policy.allowed_hosts,
                               [&](const std::string& pattern) { return matches(name, pattern); });
}

/// @return null if it is valid.
const char* error_of_host(std::string_view pattern) {
    const bool is_pattern = pattern.starts_with(wildcard);
    const std::string name = ascii::lower(pattern.substr(is_pattern ? wildcard.size() : 0));
    const auto url = EndpointUrl::parse("http://" + name + "/");
    if (!url || url->host_is_address() || url->host() != name) {
        return "must be host names, or *. and a host name for all names below it";
    }
    if (!is_reserved(is_pattern ? "a." + name : name)) {
        return "must be reserved names: others are accepted without it";
    }
    return nullptr;
}

bool overlap(const Network& a, const Network& b) {
    return endpoint::contains(a, b.base) || endpoint::contains(b, a.base);
}

bool is_all_public(const Network& network) {
    if (network.base.is_v6 && !endpoint::contains(endpoint::global_ipv6, network.base))
        return false;
    return std::ranges::none_of(endpoint::special_networks,
                                [&](const Network& special) { return overlap(network, special); });
}

/// @return null if it is valid.
const char* error_of_network(const Network& network) {
    const int max_length = network.base.is_v6 ? 128 : 32;
    if (network.prefix_length < 0 || network.prefix_length > max_length ||
        endpoint::first_address(network) != network.base) {
        return "must be a network's lowest address and prefix length, like 127.0.0.0/8";
    }
    if (network.base.is_v6 && overlap(network, endpoint::ipv4_mapped) &&
        network.prefix_length >= endpoint::ipv4_mapped.prefix_length) {
        return "must write IPv4 networks with four decimal numbers";
    }
    if (is_all_public(network)) {
        return "must have addresses that are not public: others are allowed without it";
    }
    return nullptr;
}

bool may_dial(const EndpointUrl& url, const EndpointPolicy& policy) {
    if (url.host_is_address()) return may_dial(*endpoint::parse_ip(url.host()), policy);
    return !is_reserved(url.host()) || is_allowed_host(url.host(), policy);
}

}  // namespace

Result<> check_policy(const EndpointPolicy& policy) {
    std::vector<FieldError> errors;
    for (const Network& network : policy.allowed_networks) {
        if (const char* error = error_of_network(network)) {
            errors.push_back({"allowed_networks", error});
        }
    }
    for (const std::string& host : policy.allowed_hosts) {
        if (const char* error = error_of_host(host)) errors.push_back({"allowed_hosts", error});
    }
    if (errors.empty()) return {};
    return Error(std::move(errors));
}

Result<> check_url(const EndpointUrl& url, const EndpointPolicy& policy) {
    if (policy.https_only && !url.is_https()) return url_error("must be an https URL");
    if (!may_dial(url, policy)) {
        return url_error(url.host_is_address() ? address_rejected : name_rejected);
    }
    return {};
}

Result<> check_address(const IpAddress& address, const EndpointPolicy& policy) {
    if (may_dial(address, policy)) return {};
    return Error(Errc::invalid_argument, address_rejected);
}

}  // namespace webhooks
