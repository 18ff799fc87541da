#pragma once

/// @file
/// The rules for URLs, addresses and headers of a subscription. Pure functions: nothing here makes
/// a DNS lookup or opens a connection. The rules and their reasons: docs/security.md.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/subscription.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// An IPv4 or IPv6 address.
struct IpAddress {
    bool is_v6 = false;
    /// Network byte order; an IPv4 address uses the first four bytes.
    std::uint8_t bytes[16] = {};

    bool operator==(const IpAddress&) const = default;

    /// Strict: four decimal numbers without leading zeros, or RFC 4291 text without a zone.
    static Result<IpAddress> parse(std::string_view text);
    std::string to_string() const;
};

/// A range of addresses in CIDR notation, e.g. "127.0.0.0/8" or "fd00::/8".
struct Network {
    IpAddress base;
    int prefix_length = 0;

    static Result<Network> parse(std::string_view text);
    bool contains(const IpAddress&) const noexcept;
};

/// Exceptions to and restrictions of the default rules, which are strict. The policy comes only
/// from configuration, never from a user.
struct EndpointPolicy {
    /// Special-purpose addresses that are allowed.
    std::vector<Network> allowed_networks = {};
    /// Reserved names that are allowed, e.g. "localhost", or "*.svc.local" for all names below
    /// svc.local; case-insensitive. Their addresses must still be public or in `allowed_networks`.
    std::vector<std::string> allowed_hosts = {};
    /// Reject `http` URLs.
    bool https_only = false;
};

/// An endpoint's URL, parsed once and strictly. This object, not the text, is what the transport
/// connects to, sends as Host and checks the certificate against. Its parts are views of it.
class EndpointUrl {
public:
    /// @return invalid_argument with one FieldError "url" that says what is wrong.
    static Result<EndpointUrl> parse(std::string_view text);

    bool is_https() const noexcept { return is_https_; }
    /// Lower case, without a trailing dot; an IPv6 address without brackets.
    std::string_view host() const noexcept { return part(host_at_, host_size_); }
    bool host_is_address() const noexcept { return host_is_address_; }
    std::uint16_t port() const noexcept { return port_; }
    /// The value of the Host header: the host, in brackets if it is an IPv6 address, and the port
    /// unless it is the scheme's default.
    std::string_view authority() const noexcept { return part(authority_at_, authority_size_); }
    /// Path and query as written, "/" for an empty path; never a fragment.
    std::string_view target() const noexcept { return part(origin_size_, text_.size()); }
    /// Scheme, host and port: the unit of connections and limits, e.g. "https://a.example:443".
    std::string_view origin() const noexcept { return part(0, origin_size_); }

private:
    EndpointUrl() = default;

    std::string_view part(std::size_t at, std::size_t size) const noexcept {
        return std::string_view(text_).substr(std::min(at, text_.size()), size);
    }

    /// The origin and the target; the other parts are in the origin. A service keeps very many.
    std::string text_;
    std::uint16_t origin_size_ = 0;
    std::uint16_t authority_at_ = 0;
    std::uint16_t authority_size_ = 0;
    std::uint16_t host_at_ = 0;
    std::uint16_t host_size_ = 0;
    std::uint16_t port_ = 0;
    bool is_https_ = false;
    bool host_is_address_ = false;
};

/// Checks the policy itself: each entry must be able to have an effect.
/// @return invalid_argument with one FieldError for each entry that is malformed, or that is
/// already allowed without the policy.
Result<> check_policy(const EndpointPolicy&);

/// Checks what a URL itself determines: scheme, name, literal address. No DNS lookup is made.
/// @return invalid_argument with one FieldError "url".
Result<> check_url(const EndpointUrl&, const EndpointPolicy&);

/// Checks the address that is about to be connected to. An IPv4-mapped address is checked as IPv4.
/// @return invalid_argument "address not allowed: …", the same text for every address: it says
/// nothing about what is there.
Result<> check_address(const IpAddress&, const EndpointPolicy&);

/// Checks a subscription's own headers, all of them together.
/// @return invalid_argument with one FieldError "headers" or "headers.NAME" for each error.
Result<> check_headers(const Headers&);

}  // namespace webhooks
