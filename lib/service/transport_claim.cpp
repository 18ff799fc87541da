#include <mutex>
#include <service/transport_claim.hpp>
#include <set>
#include <utility>

namespace webhooks::service {
namespace {

struct ClaimedTransports {
    std::mutex mutex;
    std::set<const Transport*> transports;
};

/// Not destroyed: a service may outlive static objects.
ClaimedTransports& claimed() {
    static auto* const all = new ClaimedTransports;
    return *all;
}

}  // namespace

Result<TransportClaim> TransportClaim::take(const Transport& transport) {
    ClaimedTransports& all = claimed();
    const std::scoped_lock lock(all.mutex);
    if (all.transports.insert(&transport).second) return TransportClaim(transport);
    return Error(Errc::invalid_argument,
                 "another WebhookService uses this transport: each needs one of its own");
}

TransportClaim::TransportClaim(TransportClaim&& other) noexcept
    : transport_(std::exchange(other.transport_, nullptr)) {}

void TransportClaim::release() noexcept {
    if (transport_ == nullptr) return;
    ClaimedTransports& all = claimed();
    const std::scoped_lock lock(all.mutex);
    all.transports.erase(std::exchange(transport_, nullptr));
}

}  // namespace webhooks::service
