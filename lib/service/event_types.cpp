#include <service/operations.hpp>

namespace webhooks {

Result<> WebhookService::Impl::register_event_type(EventType type) {
    if (Result<> verdict = service::check_event_type(type); !verdict) return verdict;
    Result<> stored = storage->upsert_event_type(type);
    if (stored) apply_change();
    return stored;
}

Result<std::vector<EventType>> WebhookService::Impl::event_types() const {
    return index.event_types();
}

}  // namespace webhooks
