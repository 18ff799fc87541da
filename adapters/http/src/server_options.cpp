#include <algorithm>
#include <string>
#include <vector>
#include <webhooks/endpoint.hpp>
#include <webhooks/http/server.hpp>

#include "ascii.hpp"
#include "server_options.hpp"

namespace webhooks::http {
namespace {

using std::chrono::milliseconds;

/// Collects the members that are out of range.
class Ranges {
public:
    template <class T>
    void expect(const char* member, T value, T min, T max, const char* unit = "") {
        if (value >= min && value <= max) return;
        errors_.push_back({member, "is " + std::to_string(value) + unit + ", must be " +
                                       std::to_string(min) + unit + " to " + std::to_string(max) +
                                       unit});
    }

    void expect(const char* member, milliseconds value, milliseconds max) {
        expect(member, value.count(), milliseconds(10).count(), max.count(), " ms");
    }

    void add_error(const char* member, const char* message) {
        errors_.push_back({member, message});
    }

    /// Adds the errors of a part, which is a member of that name.
    void add_errors(const std::string& prefix, const Result<>& validation) {
        if (validation) return;
        for (const FieldError& error : validation.error().fields())
            errors_.push_back({prefix + error.field, error.message});
    }

    Result<> result() && {
        if (errors_.empty()) return {};
        return Error(std::move(errors_));
    }

private:
    std::vector<FieldError> errors_;
};

constexpr std::size_t mib = 1024 * 1024;

/// Segments of characters that need no escape, each preceded by a slash.
bool is_base_path(std::string_view path) {
    if (path.empty()) return true;
    if (path.front() != '/' || path.back() == '/') return false;
    return path.find("//") == std::string_view::npos &&
           std::all_of(path.begin(), path.end(), [](char c) {
               return is_alpha(c) || is_digit(c) ||
                      std::string_view("/-._~").find(c) != std::string_view::npos;
           });
}

void expect(Ranges& ranges, const ApiOptions& options) {
    if (!is_base_path(options.base_path)) {
        ranges.add_error(
            "base_path",
            "must begin with '/', not end with it, and consist of letters, digits and -._~");
    }
    ranges.expect<std::size_t>("max_body_bytes", options.max_body_bytes, 0, 16 * mib, " bytes");
    ranges.expect<std::size_t>("max_feed_waits", options.max_feed_waits, 1, 100'000);
    ranges.expect<std::size_t>("max_batch_body_bytes", options.max_batch_body_bytes,
                               std::clamp<std::size_t>(options.max_body_bytes, 1, 16 * mib),
                               64 * mib, " bytes");
    if (options.portal) ranges.add_errors("portal.", options.portal->validate());
    const RequestRate& rate = options.rate_limit;
    ranges.expect("rate_limit.per_second", rate.per_second, 0, max_requests_per_second);
    if (rate.is_unlimited() && rate.burst != 0) {
        ranges.add_error("rate_limit.burst", "has no effect without rate_limit.per_second");
    } else {
        ranges.expect("rate_limit.burst", rate.burst, 0, max_request_burst);
    }
}

}  // namespace

Result<> ApiOptions::validate() const {
    Ranges ranges;
    expect(ranges, *this);
    return std::move(ranges).result();
}

ApiOptions api_options(const ServerOptions& options) {
    return {.base_path = options.base_path,
            .max_body_bytes = options.max_body_bytes,
            .max_batch_body_bytes = options.max_batch_body_bytes,
            .rate_limit = options.rate_limit,
            .max_feed_waits = std::max<std::size_t>(options.max_connections / 2, 1),
            .portal = options.portal};
}

Result<> ServerOptions::validate() const {
    using namespace std::chrono_literals;
    Ranges ranges;
    if (!IpAddress::parse(host)) ranges.add_error("host", "must be an IPv4 or IPv6 address");
    if (!IpAddress::parse(metrics_host)) {
        ranges.add_error("metrics_host", "must be an IPv4 or IPv6 address");
    }
    if (tls.is_set() && tls.certificate_file.empty()) {
        ranges.add_error("certificate_file", "is needed together with key_file");
    }
    if (tls.is_set() && tls.key_file.empty()) {
        ranges.add_error("key_file", "is needed together with certificate_file");
    }
    ranges.expect<std::size_t>("threads", threads, 1, 64);
    ranges.expect<std::size_t>("query_threads", query_threads, 1, 64);
    ranges.expect<std::size_t>("max_connections", max_connections, 1, 100'000);
    ranges.expect<std::size_t>("max_connections_per_address", max_connections_per_address, 1,
                               100'000);
    ranges.expect<std::size_t>("max_response_bytes", max_response_bytes, mib, mib * mib, " bytes");
    expect(ranges, api_options(*this));
    ranges.expect("header_timeout", header_timeout, 5min);
    ranges.expect("body_timeout", body_timeout, 5min);
    ranges.expect("write_timeout", write_timeout, 5min);
    ranges.expect("idle_timeout", idle_timeout, 1h);
    return std::move(ranges).result();
}

}  // namespace webhooks::http
