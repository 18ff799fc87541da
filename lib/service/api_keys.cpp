#include <service/operations.hpp>

namespace webhooks {

Result<CreatedApiKey> WebhookService::Impl::create_api_key(const Principal& maker,
                                                           const ApiKeyDraft& draft) {
    if (draft.subscription) {
        const std::string& owner = draft.user_id.value_or(maker.user_id());
        const Result<Subscription> found = storage->find_subscription(maker, *draft.subscription);
        if (!found && found.error() != Errc::not_found) return found.error();
        if (!found || found->user_id != owner) {
            return Error(std::vector<FieldError>{
                {"subscriptionId", "must be a subscription of the key's user"}});
        }
    }
    return api_keys.create(maker, draft);
}

Result<std::size_t> WebhookService::Impl::rewrap_data_keys(const Principal& principal) {
    return storage->rewrap_data_keys(principal);
}

Result<Page<AuditRecord>> WebhookService::Impl::audit(const Principal& principal,
                                                      const ListQuery& query) const {
    return storage->list_audit(principal, query);
}

}  // namespace webhooks
