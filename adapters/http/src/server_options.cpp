#include <algorithm>
#include <string>
#include <vector>
#include <webhooks/endpoint.hpp>
#include <webhooks/http/server.hpp>

namespace webhooks::http {
namespace {

using std::chrono::milliseconds;

/// Gathers the members that are out of their range.
class Ranges {
public:
    template <class T>
    void expect(const char* member, T value, T least, T most, const char* unit = "") {
        if (value >= least && value <= most) return;
        faults_.push_back({member, "is " + std::to_string(value) + unit + ", must be " +
                                       std::to_string(least) + unit + " to " +
                                       std::to_string(most) + unit});
    }

    void expect(const char* member, milliseconds value, milliseconds most) {
        expect(member, value.count(), milliseconds(10).count(), most.count(), " ms");
    }

    void fault(const char* member, const char* message) { faults_.push_back({member, message}); }

    Result<> result() && {
        if (faults_.empty()) return {};
        return Error(std::move(faults_));
    }

private:
    std::vector<FieldError> faults_;
};

}  // namespace

Result<> ServerOptions::validate() const {
    using namespace std::chrono_literals;
    Ranges ranges;
    if (!IpAddress::parse(host)) ranges.fault("host", "must be an IPv4 or IPv6 address");
    ranges.expect<std::size_t>("threads", threads, 1, 64);
    ranges.expect<std::size_t>("max_connections", max_connections, 1, 100'000);
    constexpr std::size_t most = 16 * 1024 * 1024;
    ranges.expect<std::size_t>("max_body_bytes", max_body_bytes, 1, most, " bytes");
    ranges.expect<std::size_t>("max_batch_body_bytes", max_batch_body_bytes,
                               std::min(max_body_bytes, most), 64 * 1024 * 1024, " bytes");
    ranges.expect("header_timeout", header_timeout, 5min);
    ranges.expect("body_timeout", body_timeout, 5min);
    ranges.expect("write_timeout", write_timeout, 5min);
    ranges.expect("idle_timeout", idle_timeout, 1h);
    return std::move(ranges).result();
}

}  // namespace webhooks::http
