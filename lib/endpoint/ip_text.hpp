#pragma once

/// @file
/// Parses addresses and networks, also at compile time, so that tables can be written as text.

#include <base/ascii.hpp>
#include <cstdint>
#include <optional>
#include <string_view>
#include <webhooks/endpoint.hpp>

namespace webhooks::endpoint {

/// A decimal number without sign or leading zeros, at most `max`.
constexpr std::optional<std::uint32_t> parse_decimal(std::string_view text, std::uint32_t max) {
    if (text.empty() || text.size() > 9 || (text.size() > 1 && text[0] == '0')) return {};
    std::uint32_t value = 0;
    for (const char c : text) {
        if (!ascii::is_digit(c)) return {};
        value = value * 10 + static_cast<std::uint32_t>(c - '0');
    }
    if (value > max) return {};
    return value;
}

/// One to four hexadecimal digits.
constexpr std::optional<std::uint16_t> parse_hex_group(std::string_view text) {
    if (text.empty() || text.size() > 4) return {};
    int value = 0;
    for (const char c : text) {
        if (ascii::hex_value(c) < 0) return {};
        value = value * 16 + ascii::hex_value(c);
    }
    return static_cast<std::uint16_t>(value);
}

/// Writes four bytes. Accepts only this notation: programs differ in how they read shorter, octal
/// and hexadecimal ones.
constexpr bool parse_ipv4(std::string_view text, std::uint8_t* out) {
    for (int i = 0; i < 4; ++i) {
        const std::size_t end = i < 3 ? text.find('.') : text.size();
        if (end == std::string_view::npos) return false;
        const auto number = parse_decimal(text.substr(0, end), 255);
        if (!number) return false;
        out[i] = static_cast<std::uint8_t>(*number);
        text.remove_prefix(i < 3 ? end + 1 : end);
    }
    return true;
}

/// Groups separated by colons, the last of which may be an IPv4 address.
/// @return the number of bytes written.
constexpr std::optional<std::size_t> parse_groups(std::string_view text, bool may_end_in_ipv4,
                                                  std::uint8_t (&out)[16]) {
    std::size_t size = 0;
    for (bool is_last = text.empty(); !is_last;) {
        const std::size_t end = text.find(':');
        is_last = end == std::string_view::npos;
        const std::string_view group = text.substr(0, end);
        if (is_last && group.find('.') != std::string_view::npos) {
            if (!may_end_in_ipv4 || size > 12 || !parse_ipv4(group, out + size)) return {};
            return size + 4;
        }
        const auto value = parse_hex_group(group);
        if (!value || size > 14) return {};
        out[size++] = static_cast<std::uint8_t>(*value >> 8);
        out[size++] = static_cast<std::uint8_t>(*value & 0xff);
        if (!is_last) text.remove_prefix(end + 1);
    }
    return size;
}

/// RFC 4291, section 2.2; no zone.
constexpr std::optional<IpAddress> parse_ipv6(std::string_view text) {
    IpAddress address{.is_v6 = true};
    const std::size_t gap = text.find("::");
    if (gap == std::string_view::npos) {
        if (parse_groups(text, true, address.bytes) != 16u) return {};
        return address;
    }
    std::uint8_t tail[16] = {};
    const auto head_size = parse_groups(text.substr(0, gap), false, address.bytes);
    const auto tail_size = parse_groups(text.substr(gap + 2), true, tail);
    if (!head_size || !tail_size || *head_size + *tail_size > 14) return {};
    std::copy_n(tail, *tail_size, address.bytes + 16 - *tail_size);
    return address;
}

constexpr std::optional<IpAddress> parse_ip(std::string_view text) {
    if (text.find(':') != std::string_view::npos) return parse_ipv6(text);
    IpAddress address;
    if (!parse_ipv4(text, address.bytes)) return {};
    return address;
}

constexpr bool same_prefix(const std::uint8_t* a, const std::uint8_t* b, int bits) {
    const int whole = bits / 8;
    if (!std::equal(a, a + whole, b)) return false;
    return bits % 8 == 0 || ((a[whole] ^ b[whole]) >> (8 - bits % 8)) == 0;
}

constexpr bool contains(const Network& network, const IpAddress& address) {
    return network.base.is_v6 == address.is_v6 &&
           same_prefix(network.base.bytes, address.bytes, network.prefix_length);
}

/// The lowest address of the network.
constexpr IpAddress first_address(const Network& network) {
    IpAddress first = network.base;
    for (int bit = network.prefix_length; bit < (first.is_v6 ? 128 : 32); ++bit) {
        first.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80 >> bit % 8));
    }
    return first;
}

/// "address/length", where the address is the lowest of its network: "10.1.2.3/8" would be
/// ambiguous.
constexpr std::optional<Network> parse_network(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return {};
    const auto base = parse_ip(text.substr(0, slash));
    if (!base) return {};
    const auto length = parse_decimal(text.substr(slash + 1), base->is_v6 ? 128 : 32);
    if (!length) return {};
    const Network result{*base, static_cast<int>(*length)};
    if (first_address(result) != *base) return {};
    return result;
}

/// A network in a table; a typo does not compile.
consteval Network network(std::string_view text) {
    return parse_network(text).value();
}

/// IPv4-mapped IPv6 addresses (RFC 4291, section 2.5.5.2).
inline constexpr Network ipv4_mapped = network("::ffff:0:0/96");

}  // namespace webhooks::endpoint
