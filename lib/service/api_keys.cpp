#include <base/user_id.hpp>
#include <service/webhook_service_impl.hpp>

namespace webhooks {

Result<CreatedApiKey> WebhookService::Impl::create_api_key(const Principal& maker,
                                                           const ApiKeyDraft& draft) {
    if (draft.subscription) {
        const std::string& owner = draft.user_id.value_or(maker.user_id());
        const Result<Subscription> found = storage->find_subscription(maker, *draft.subscription);
        if (!found && found.error() != Errc::not_found) return found.error();
        if (!found || found->user_id != owner) {
            return Error(std::vector<FieldError>{
                {"subscriptionId",
                 maker.subscription() && maker.subscription() != draft.subscription
                     ? "must be the one that the key that makes it is limited to"
                     : "must be a subscription of the key's user"}});
        }
    }
    return api_keys.create(maker, draft);
}

Result<std::vector<ApiKeyRecord>> WebhookService::Impl::list_api_keys(
    const Principal& principal) const {
    if (const std::optional<SubscriptionId> only = principal.subscription()) {
        const Result<Subscription> found = storage->find_subscription(principal, *only);
        if (!found && found.error() == Errc::not_found) return std::vector<ApiKeyRecord>();
        if (!found) return found.error();
    }
    return api_keys.list(principal);
}

Result<std::size_t> WebhookService::Impl::rewrap_data_keys(const Principal& principal) {
    return storage->rewrap_data_keys(principal);
}

Result<std::size_t> WebhookService::Impl::shred_user(const Principal& principal,
                                                     const std::string& user_id) {
    if (!is_user_id(user_id)) {
        return Error(std::vector<FieldError>{{"userId", user_id_rule}});
    }
    Result<std::size_t> destroyed = storage->shred_user(principal, user_id);
    if (destroyed && *destroyed > 0) engine.request_heartbeat();
    return destroyed;
}

Result<Page<AuditRecord>> WebhookService::Impl::audit(const Principal& principal,
                                                      const ListQuery& query) const {
    return storage->list_audit(principal, query);
}

}  // namespace webhooks
