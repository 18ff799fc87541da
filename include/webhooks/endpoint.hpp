#pragma once

/// @file
/// What a URL, an address and a header of a subscription may be. Pure functions: nothing here
/// looks a name up or opens a connection. The rules and their reasons: docs/security.md.

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
    /// Network order; an IPv4 address is in the first four.
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

/// What is allowed beyond the public Internet, and what is demanded of every URL. The default is
/// the strict one. It comes from configuration alone, never from a user.
struct EndpointPolicy {
    /// Addresses that are dialled although they are special-purpose.
    std::vector<Network> allowed_networks = {};
    /// Names that are accepted although they are reserved, e.g. "localhost", or "*.svc.local" for
    /// all names below svc.local; compared without regard to case. Their addresses must still be
    /// public or in `allowed_networks`.
    std::vector<std::string> allowed_hosts = {};
    /// Refuse `http` URLs.
    bool https_only = false;
};

/// An endpoint's URL, taken apart once by a strict parse. This object, not the text, is what is
/// dialled, sent as Host and used for the certificate's name.
class EndpointUrl {
public:
    /// @return invalid_argument with one FieldError "url" that says what is wrong.
    static Result<EndpointUrl> parse(std::string_view text);

    bool is_https() const noexcept { return is_https_; }
    /// Lower case, without a trailing dot; an IPv6 address without brackets.
    const std::string& host() const noexcept { return host_; }
    bool host_is_address() const noexcept { return host_is_address_; }
    std::uint16_t port() const noexcept { return port_; }
    /// What the Host header says: the host, brackets around IPv6, the port unless it is the
    /// scheme's own.
    const std::string& authority() const noexcept { return authority_; }
    /// Path and query as they were written, "/" for an empty path; never a fragment.
    const std::string& target() const noexcept { return target_; }
    /// Scheme, host and port: what connections and limits belong to, e.g. "https://a.example:443".
    const std::string& origin() const noexcept { return origin_; }

private:
    EndpointUrl() = default;

    bool is_https_ = false;
    bool host_is_address_ = false;
    std::uint16_t port_ = 0;
    std::string host_;
    std::string authority_;
    std::string target_;
    std::string origin_;
};

/// Judges the policy itself: what it lists must be able to make a difference.
/// @return invalid_argument with one FieldError for each entry that is malformed, or that is
///     accepted without the policy already.
Result<> check_policy(const EndpointPolicy&);

/// Judges all that a URL says by itself: scheme, name, literal address. No look-up is made.
/// @return invalid_argument with one FieldError "url".
Result<> check_url(const EndpointUrl&, const EndpointPolicy&);

/// Judges the very address about to be dialled. A v4-mapped address is judged as its IPv4 address.
/// @return invalid_argument "address not allowed"; it says nothing about what is there.
Result<> check_address(const IpAddress&, const EndpointPolicy&);

/// Judges a subscription's own headers, all of them together.
/// @return invalid_argument with one FieldError "headers" or "headers.NAME" for each fault.
Result<> check_headers(const Headers&);

}  // namespace webhooks
