#pragma once

#include <functional>
#include <memory>
#include <webhooks/export.hpp>
#include <webhooks/storage.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A base for storages that wrap another one: metrics, auditing, caching. It forwards every call to
/// the other storage. Derive from it and override the calls that differ, or `intercept` for what
/// all calls have in common. As thread-safe as the overrides are.
class ForwardingStorage : public Storage {
public:
    /// The calls of `Storage` that return a Result, by name.
    enum class Call {
        insert_subscription,
        find_subscription,
        update_subscription,
        rotate_secret,
        delete_subscription,
        list_subscriptions,
        upsert_event_type,
        replace_event_type,
        retire_event_type,
        configuration,
        notices,
        list_events,
        list_all_events,
        find_event,
        find_any_event,
        delete_event,
        read_feed,
        feed_changes,
        statistics,
        series,
        reopen_event,
        reopen_undelivered,
        count_undelivered,
        register_worker,
        heartbeat,
        retire_worker,
        mark_expired,
        take_over,
        write,
        appended_after,
        claim,
        claim_reserved,
        unclaim,
        maintain,
        append_due_operational,
        sample,
        overview,
        users,
        rewrap_data_keys,
        shred_user,
        insert_api_key,
        find_api_key,
        list_api_keys,
        delete_api_key,
        note_api_key_use,
        insert_portal_session,
        redeem_portal_code,
        find_portal_session,
        delete_portal_session,
        delete_portal_sessions,
        list_audit,
    };

    /// @pre `inner` is not null.
    explicit ForwardingStorage(std::shared_ptr<Storage> inner);

    Result<Subscription> insert_subscription(const Principal& by, const Subscription&) override;
    Result<Subscription> find_subscription(const Principal&, SubscriptionId) override;
    Result<Subscription> update_subscription(const Principal&, SubscriptionId,
                                             const SubscriptionChange&) override;
    Result<Subscription> rotate_secret(const Principal&, SubscriptionId, const Secret&,
                                       std::chrono::seconds overlap) override;
    Result<> delete_subscription(const Principal&, SubscriptionId) override;
    Result<Page<Subscription>> list_subscriptions(const Principal&, const ListQuery&) override;
    Result<> upsert_event_type(const EventType&) override;
    Result<EventType> replace_event_type(const Principal& by, const EventType&) override;
    Result<> retire_event_type(const Principal& by, const std::string& name, bool force) override;
    Result<Configuration> configuration(Revision since) override;
    Result<std::vector<Notice>> notices(std::int64_t after) override;

    Result<Page<Event>> list_events(const Principal&, SubscriptionId, const ListQuery&) override;
    Result<Page<Event>> list_all_events(const Principal&, const ListQuery&) override;
    Result<EventHistory> find_event(const Principal&, SubscriptionId, EventId) override;
    Result<EventHistory> find_any_event(const Principal&, EventId,
                                        std::optional<std::uint64_t> worker_tag) override;
    Result<> delete_event(const Principal&, SubscriptionId, EventId) override;
    Result<FeedRows> read_feed(const Principal&, SubscriptionId, const FeedRequest&) override;
    Result<std::vector<FeedChange>> feed_changes(const std::vector<FeedWatch>&) override;
    void set_feed_listener(std::function<void()> listener) override;
    Result<DeliveryStatistics> statistics(const Principal&, SubscriptionId,
                                          std::stop_token stop) override;
    Result<SeriesRows> series(const Principal&, const SeriesScope&, const SeriesRange&) override;
    Result<> reopen_event(const Principal&, SubscriptionId, EventId) override;
    Result<Reopened> reopen_undelivered(const Principal&, SubscriptionId, const CreationPeriod&,
                                        EventId after, std::size_t limit) override;
    Result<std::size_t> count_undelivered(const Principal&, SubscriptionId,
                                          const CreationPeriod&) override;

    Result<Worker> register_worker(std::chrono::milliseconds lease) override;
    Result<Heartbeat> heartbeat(WorkerId) override;
    Result<> retire_worker(WorkerId) override;
    Result<> mark_expired(WorkerId) override;
    Result<std::size_t> take_over(WorkerId, std::size_t limit) override;
    Result<BatchReceipt> write(WorkerId, const Batch&) override;
    Result<std::vector<HeldEvent>> appended_after(WorkerId, EventId after,
                                                  std::size_t limit) override;
    Result<Claim> claim(WorkerId, ClaimLimit limit, std::int64_t number) override;
    Result<std::vector<HeldEvent>> claim_reserved(WorkerId, SubscriptionId, std::size_t limit,
                                                  std::int64_t number) override;
    Result<> unclaim(WorkerId, std::int64_t number) override;
    void set_listener(std::function<void()> listener) override;
    Result<bool> maintain(const Maintenance&) override;
    bool keeps_order() const override { return inner_->keeps_order(); }
    void set_operational_listener(std::function<void(const OperationalEvent&)> listener) override;
    Result<> append_due_operational(std::chrono::seconds exhausted_window,
                                    std::size_t limit) override;
    Result<StorageSample> sample() override;
    Result<Overview> overview() override;
    Result<std::vector<UserSummary>> users(const std::string& after, std::size_t limit) override;
    Result<std::size_t> rewrap_data_keys(const Principal& by) override;
    Result<std::size_t> shred_user(const Principal& by, const std::string& user_id) override;

    Result<ApiKeyRecord> insert_api_key(const Principal& by, const ApiKeyRecord&) override;
    Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash) override;
    Result<std::vector<ApiKeyRecord>> list_api_keys() override;
    Result<> delete_api_key(const Principal& by, ApiKeyId) override;
    Result<> note_api_key_use(ApiKeyId, Time) override;

    Result<PortalSessionRecord> insert_portal_session(const Principal& by,
                                                      const PortalSessionRecord&) override;
    Result<std::optional<PortalSessionRecord>> redeem_portal_code(std::string_view code_hash,
                                                                  std::string_view token_hash,
                                                                  Time now,
                                                                  const Origin& from) override;
    Result<std::optional<PortalSessionRecord>> find_portal_session(
        std::string_view token_hash) override;
    Result<> delete_portal_session(const Principal& by, PortalSessionId) override;
    Result<std::size_t> delete_portal_sessions(const Principal& by,
                                               const std::string& user_id) override;

    Result<Page<AuditRecord>> list_audit(const Principal&, const ListQuery&) override;

protected:
    /// Makes one call of the other storage by calling `forward` once, which returns whether the
    /// call succeeded. Override it to do something before, after or instead of each call.
    /// @return success: the caller gets the other storage's result; an error: the caller gets that
    /// error instead. An override that does not call `forward` must return an error.
    virtual Result<> intercept(Call, const std::function<Result<>()>& forward);

private:
    template <class Forward>
    auto call_inner(Call call, Forward forward) -> decltype(forward());

    const std::shared_ptr<Storage> inner_;
};

/// The name of the call, as in `Storage`.
const char* to_string(ForwardingStorage::Call) noexcept;

}  // namespace webhooks
