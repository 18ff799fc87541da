#include <transport/transport_metrics.hpp>

namespace webhooks::transport {
namespace {

enum Metric : std::size_t { lookups, connections, connections_opened };

std::vector<MetricDescription> descriptions() {
    return {{.name = "webhooks_lookups",
             .help = "Names that name servers were asked for; what is remembered is not asked for.",
             .labels = {{"result", {"found", "failed", "local_error"}}}},
            {.name = "webhooks_connections",
             .help = "Connections to endpoints: kept for later, and attempts in flight.",
             .type = MetricType::gauge,
             .labels = {{"state", {"idle", "busy"}}}},
            {.name = "webhooks_connections_opened",
             .help = "Connections that were opened to endpoints.",
             .labels = {{"tls", {"false", "true"}}}}};
}

}  // namespace

TransportMetrics::TransportMetrics() : set_(descriptions()) {}

void TransportMetrics::count_lookup(LookupResult result) noexcept {
    set_.add(lookups, static_cast<std::size_t>(result));
}

void TransportMetrics::count_connection(bool has_tls) noexcept {
    set_.add(connections_opened, has_tls ? 1 : 0);
}

void TransportMetrics::set_connections(std::size_t idle, std::size_t busy) noexcept {
    set_.set(connections, 0, idle);
    set_.set(connections, 1, busy);
}

}  // namespace webhooks::transport
