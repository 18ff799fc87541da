#include <webhooks/operational.hpp>

namespace webhooks {

const std::vector<EventType>& operational_event_types() {
    static const std::vector<EventType> types = {
        {"webhook.event.exhausted", "An event used up its attempts without being delivered."},
        {"webhook.subscription.created", "A subscription was created."},
        {"webhook.subscription.deactivated",
         "The service deactivated a subscription, because its endpoint failed for too long or "
         "responded with 410."},
        {"webhook.subscription.deleted", "A subscription was deleted."},
        {"webhook.subscription.failing", "A subscription's endpoint has only failed for a while."},
        {"webhook.subscription.recovered", "A failing endpoint succeeded again."},
        {"webhook.subscription.secret_rotated", "A subscription's secret was rotated."},
        {"webhook.subscription.updated", "A subscription was changed."},
        {"webhook.worker.lost", "A worker stopped without notice, and others took over its work."},
    };
    return types;
}

}  // namespace webhooks
