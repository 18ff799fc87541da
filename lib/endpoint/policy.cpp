#include <endpoint/ip_text.hpp>
#include <endpoint/reserved_names.hpp>
#include <endpoint/special_networks.hpp>
#include <span>

namespace webhooks {
namespace {

/// All that a refusal says: more would tell the user what is there.
constexpr const char* refusal = "address not allowed";

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

bool is_allowed_host(std::string_view name, const EndpointPolicy& policy) {
    return std::ranges::any_of(policy.allowed_hosts,
                               [&](const std::string& host) { return ascii::lower(host) == name; });
}

bool may_dial(const EndpointUrl& url, const EndpointPolicy& policy) {
    if (url.host_is_address()) return may_dial(*endpoint::parse_ip(url.host()), policy);
    return !is_reserved(url.host()) || is_allowed_host(url.host(), policy);
}

}  // namespace

Result<> check_url(const EndpointUrl& url, const EndpointPolicy& policy) {
    if (policy.https_only && !url.is_https()) return url_error("must be an https URL");
    if (!may_dial(url, policy)) return url_error(refusal);
    return {};
}

Result<> check_address(const IpAddress& address, const EndpointPolicy& policy) {
    if (may_dial(address, policy)) return {};
    return Error(Errc::invalid_argument, refusal);
}

}  // namespace webhooks
