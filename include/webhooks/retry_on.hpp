#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A class of failed attempts.
enum class FailureClass : std::uint8_t {
    server_error = 1,       ///< A status of 500 - 599.
    too_many_requests = 2,  ///< 429.
    request_timeout = 4,    ///< 408.
    network = 8,            ///< No valid response: lookup, connection, TLS, malformed or late.
};

inline constexpr FailureClass all_failure_classes[] = {
    FailureClass::server_error, FailureClass::too_many_requests, FailureClass::request_timeout,
    FailureClass::network};

/// The name in the REST API and in the audit log.
constexpr std::string_view name_of(FailureClass failure) noexcept {
    switch (failure) {
        case FailureClass::server_error:
            return "5xx";
        case FailureClass::too_many_requests:
            return "429";
        case FailureClass::request_timeout:
            return "408";
        case FailureClass::network:
            return "network";
    }
    return "unknown";
}

/// The failed attempts of a subscription that are retried. Any other failure ends its event at
/// once, as the last attempt does. 410 is never retried.
class RetryOn {
public:
    /// Every failure except 410, including statuses that are in no class.
    constexpr RetryOn() = default;

    /// Only these classes; none: nothing is retried.
    static constexpr RetryOn only(std::initializer_list<FailureClass> classes) noexcept {
        RetryOn chosen(0);
        for (const FailureClass failure : classes)
            chosen.add(failure);
        return chosen;
    }

    constexpr void add(FailureClass failure) noexcept { bits_ |= static_cast<unsigned>(failure); }
    constexpr bool includes(FailureClass failure) const noexcept {
        return (bits_ & static_cast<unsigned>(failure)) != 0;
    }
    constexpr bool is_everything() const noexcept { return bits_ == everything; }

    /// For storages: a number that `from_bits` reads, 0 - 31. The default is 31.
    constexpr int bits() const noexcept { return static_cast<int>(bits_); }
    static constexpr RetryOn from_bits(int bits) noexcept {
        return RetryOn(static_cast<unsigned>(bits) & everything);
    }

    bool operator==(const RetryOn&) const = default;

private:
    /// The bits of all classes, and one for failures that are in none.
    static constexpr unsigned everything = 31;

    explicit constexpr RetryOn(unsigned bits) : bits_(bits) {}

    unsigned bits_ = everything;
};

}  // namespace webhooks
