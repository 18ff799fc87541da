#include <endpoint/ip_text.hpp>

namespace webhooks {
namespace {

struct Run {
    int begin = 0;
    int length = 0;
};

std::string ipv4_text(const std::uint8_t* bytes) {
    std::string text = std::to_string(bytes[0]);
    for (int i = 1; i < 4; ++i) {
        text += '.' + std::to_string(bytes[i]);
    }
    return text;
}

int group_at(const std::uint8_t* bytes, int index) {
    return bytes[2 * index] * 256 + bytes[2 * index + 1];
}

/// RFC 5952, section 4.2: the longest run of zero groups, the first among equals, never a single
/// one.
Run longest_zero_run(const std::uint8_t* bytes) {
    Run longest{.length = 1};
    Run run;
    for (int i = 0; i < 8; ++i) {
        run = group_at(bytes, i) != 0 ? Run{i + 1, 0} : Run{run.begin, run.length + 1};
        if (run.length > longest.length) longest = run;
    }
    return longest.length > 1 ? longest : Run{};
}

void append_hex(std::string& text, int group) {
    bool has_begun = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
        const int digit = group >> shift & 0xf;
        has_begun = has_begun || digit != 0 || shift == 0;
        if (has_begun) text += "0123456789abcdef"[digit];
    }
}

std::string ipv6_text(const std::uint8_t* bytes) {
    const Run gap = longest_zero_run(bytes);
    const int gap_end = gap.begin + gap.length;
    std::string text;
    for (int i = 0; i < 8; ++i) {
        if (gap.length > 0 && i == gap.begin) text += "::";
        if (i >= gap.begin && i < gap_end) continue;
        if (i > 0 && !text.ends_with(':')) text += ':';
        append_hex(text, group_at(bytes, i));
    }
    return text;
}

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
    if (const auto address = endpoint::parse_ip(text)) return *address;
    return Error(
        Errc::invalid_argument,
        "must be an IPv4 address (four decimal numbers) or an IPv6 address without a zone");
}

std::string IpAddress::to_string() const {
    return is_v6 ? ipv6_text(bytes) : ipv4_text(bytes);
}

Result<Network> Network::parse(std::string_view text) {
    if (const auto network = endpoint::parse_network(text)) return *network;
    return Error(Errc::invalid_argument,
                 "must be a network's lowest address and prefix length, like 127.0.0.0/8");
}

bool Network::contains(const IpAddress& address) const noexcept {
    return endpoint::contains(*this, address);
}

}  // namespace webhooks
