#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>
#include <webhooks/metrics.hpp>

namespace webhooks::transport {

/// Results of lookups, in the order of the label's values.
enum class LookupResult : std::uint8_t { found, failed, local_error };

/// What a transport counts. `collect` may be called from any thread.
class TransportMetrics {
public:
    TransportMetrics();

    void count_lookup(LookupResult result) noexcept;
    void count_connection(bool has_tls) noexcept;
    void set_connections(std::size_t idle, std::size_t busy) noexcept;

    std::vector<MetricFamily> collect() const { return set_.collect(); }

private:
    MetricSet set_;
};

}  // namespace webhooks::transport
