#include <iterator>
#include <optional>
#include <webhooks/forwarding_storage.hpp>

namespace webhooks {
namespace {

/// In the order of `Call`.
constexpr const char* call_names[] = {
    "insert_subscription",
    "find_subscription",
    "update_subscription",
    "rotate_secret",
    "delete_subscription",
    "list_subscriptions",
    "upsert_event_type",
    "replace_event_type",
    "retire_event_type",
    "configuration",
    "notices",
    "list_events",
    "list_all_events",
    "find_event",
    "find_any_event",
    "delete_event",
    "read_feed",
    "feed_changes",
    "statistics",
    "series",
    "reopen_event",
    "reopen_undelivered",
    "count_undelivered",
    "register_worker",
    "heartbeat",
    "retire_worker",
    "mark_expired",
    "take_over",
    "write",
    "appended_after",
    "claim",
    "claim_reserved",
    "unclaim",
    "maintain",
    "append_due_operational",
    "sample",
    "overview",
    "users",
    "rewrap_data_keys",
    "shred_user",
    "insert_api_key",
    "find_api_key",
    "list_api_keys",
    "delete_api_key",
    "note_api_key_use",
    "insert_portal_session",
    "redeem_portal_code",
    "find_portal_session",
    "delete_portal_session",
    "delete_portal_sessions",
    "list_audit",
};
static_assert(std::size(call_names) ==
              static_cast<std::size_t>(ForwardingStorage::Call::list_audit) + 1);

}  // namespace

const char* to_string(ForwardingStorage::Call call) noexcept {
    return call_names[static_cast<std::size_t>(call)];
}

ForwardingStorage::ForwardingStorage(std::shared_ptr<Storage> inner) : inner_(std::move(inner)) {}

Result<> ForwardingStorage::intercept(Call, const std::function<Result<>()>& forward) {
    return forward();
}

template <class Forward>
auto ForwardingStorage::call_inner(Call call, Forward forward) -> decltype(forward()) {
    std::optional<decltype(forward())> answer;
    // Captures only two references, so that std::function allocates nothing.
    const Result<> verdict = intercept(call, [&answer, &forward]() -> Result<> {
        answer.emplace(forward());
        if (!*answer) return answer->error();
        return {};
    });
    if (!verdict) return verdict.error();
    if (!answer) {
        return Error(Errc::internal,
                     "ForwardingStorage::intercept returned success without "
                     "calling forward");
    }
    return *std::move(answer);
}

Result<Subscription> ForwardingStorage::insert_subscription(const Principal& by,
                                                            const Subscription& subscription) {
    return call_inner(Call::insert_subscription,
                      [&] { return inner_->insert_subscription(by, subscription); });
}

Result<Subscription> ForwardingStorage::find_subscription(const Principal& principal,
                                                          SubscriptionId id) {
    return call_inner(Call::find_subscription,
                      [&] { return inner_->find_subscription(principal, id); });
}

Result<Subscription> ForwardingStorage::update_subscription(const Principal& principal,
                                                            SubscriptionId id,
                                                            const SubscriptionChange& change) {
    return call_inner(Call::update_subscription,
                      [&] { return inner_->update_subscription(principal, id, change); });
}

Result<Subscription> ForwardingStorage::rotate_secret(const Principal& principal, SubscriptionId id,
                                                      const Secret& secret,
                                                      std::chrono::seconds overlap) {
    return call_inner(Call::rotate_secret,
                      [&] { return inner_->rotate_secret(principal, id, secret, overlap); });
}

Result<> ForwardingStorage::delete_subscription(const Principal& principal, SubscriptionId id) {
    return call_inner(Call::delete_subscription,
                      [&] { return inner_->delete_subscription(principal, id); });
}

Result<Page<Subscription>> ForwardingStorage::list_subscriptions(const Principal& principal,
                                                                 const ListQuery& query) {
    return call_inner(Call::list_subscriptions,
                      [&] { return inner_->list_subscriptions(principal, query); });
}

Result<> ForwardingStorage::upsert_event_type(const EventType& type) {
    return call_inner(Call::upsert_event_type, [&] { return inner_->upsert_event_type(type); });
}

Result<EventType> ForwardingStorage::replace_event_type(const Principal& by,
                                                        const EventType& type) {
    return call_inner(Call::replace_event_type,
                      [&] { return inner_->replace_event_type(by, type); });
}

Result<> ForwardingStorage::retire_event_type(const Principal& by, const std::string& name,
                                              bool force) {
    return call_inner(Call::retire_event_type,
                      [&] { return inner_->retire_event_type(by, name, force); });
}

Result<Configuration> ForwardingStorage::configuration(Revision since) {
    return call_inner(Call::configuration, [&] { return inner_->configuration(since); });
}

Result<std::vector<Notice>> ForwardingStorage::notices(std::int64_t after) {
    return call_inner(Call::notices, [&] { return inner_->notices(after); });
}

Result<Page<Event>> ForwardingStorage::list_events(const Principal& principal, SubscriptionId id,
                                                   const ListQuery& query) {
    return call_inner(Call::list_events, [&] { return inner_->list_events(principal, id, query); });
}

Result<Page<Event>> ForwardingStorage::list_all_events(const Principal& principal,
                                                       const ListQuery& query) {
    return call_inner(Call::list_all_events,
                      [&] { return inner_->list_all_events(principal, query); });
}

Result<EventHistory> ForwardingStorage::find_event(const Principal& principal, SubscriptionId id,
                                                   EventId event) {
    return call_inner(Call::find_event, [&] { return inner_->find_event(principal, id, event); });
}

Result<EventHistory> ForwardingStorage::find_any_event(const Principal& principal, EventId event,
                                                       std::optional<std::uint64_t> worker_tag) {
    return call_inner(Call::find_any_event,
                      [&] { return inner_->find_any_event(principal, event, worker_tag); });
}

Result<> ForwardingStorage::delete_event(const Principal& principal, SubscriptionId id,
                                         EventId event) {
    return call_inner(Call::delete_event,
                      [&] { return inner_->delete_event(principal, id, event); });
}

Result<FeedRows> ForwardingStorage::read_feed(const Principal& principal, SubscriptionId id,
                                              const FeedRequest& request) {
    return call_inner(Call::read_feed, [&] { return inner_->read_feed(principal, id, request); });
}

Result<std::vector<FeedChange>> ForwardingStorage::feed_changes(
    const std::vector<FeedWatch>& watches) {
    return call_inner(Call::feed_changes, [&] { return inner_->feed_changes(watches); });
}

Result<DeliveryStatistics> ForwardingStorage::statistics(const Principal& principal,
                                                         SubscriptionId id, std::stop_token stop) {
    return call_inner(Call::statistics,
                      [&] { return inner_->statistics(principal, id, std::move(stop)); });
}

Result<SeriesRows> ForwardingStorage::series(const Principal& principal, const SeriesScope& scope,
                                             const SeriesRange& range) {
    return call_inner(Call::series, [&] { return inner_->series(principal, scope, range); });
}

Result<> ForwardingStorage::reopen_event(const Principal& principal, SubscriptionId id,
                                         EventId event) {
    return call_inner(Call::reopen_event,
                      [&] { return inner_->reopen_event(principal, id, event); });
}

Result<Reopened> ForwardingStorage::reopen_undelivered(const Principal& principal,
                                                       SubscriptionId id,
                                                       const CreationPeriod& period, EventId after,
                                                       std::size_t limit) {
    return call_inner(Call::reopen_undelivered, [&] {
        return inner_->reopen_undelivered(principal, id, period, after, limit);
    });
}

Result<std::size_t> ForwardingStorage::count_undelivered(const Principal& principal,
                                                         SubscriptionId id,
                                                         const CreationPeriod& period) {
    return call_inner(Call::count_undelivered,
                      [&] { return inner_->count_undelivered(principal, id, period); });
}

Result<Worker> ForwardingStorage::register_worker(std::chrono::milliseconds lease) {
    return call_inner(Call::register_worker, [&] { return inner_->register_worker(lease); });
}

Result<Heartbeat> ForwardingStorage::heartbeat(WorkerId worker) {
    return call_inner(Call::heartbeat, [&] { return inner_->heartbeat(worker); });
}

Result<> ForwardingStorage::retire_worker(WorkerId worker) {
    return call_inner(Call::retire_worker, [&] { return inner_->retire_worker(worker); });
}

Result<> ForwardingStorage::mark_expired(WorkerId self) {
    return call_inner(Call::mark_expired, [&] { return inner_->mark_expired(self); });
}

Result<std::size_t> ForwardingStorage::take_over(WorkerId self, std::size_t limit) {
    return call_inner(Call::take_over, [&] { return inner_->take_over(self, limit); });
}

Result<BatchReceipt> ForwardingStorage::write(WorkerId worker, const Batch& batch) {
    return call_inner(Call::write, [&] { return inner_->write(worker, batch); });
}

Result<std::vector<HeldEvent>> ForwardingStorage::appended_after(WorkerId worker, EventId after,
                                                                 std::size_t limit) {
    return call_inner(Call::appended_after,
                      [&] { return inner_->appended_after(worker, after, limit); });
}

Result<Claim> ForwardingStorage::claim(WorkerId worker, ClaimLimit limit, std::int64_t number) {
    return call_inner(Call::claim, [&] { return inner_->claim(worker, limit, number); });
}

Result<std::vector<HeldEvent>> ForwardingStorage::claim_reserved(WorkerId worker,
                                                                 SubscriptionId subscription,
                                                                 std::size_t limit,
                                                                 std::int64_t number) {
    return call_inner(Call::claim_reserved,
                      [&] { return inner_->claim_reserved(worker, subscription, limit, number); });
}

Result<> ForwardingStorage::unclaim(WorkerId worker, std::int64_t number) {
    return call_inner(Call::unclaim, [&] { return inner_->unclaim(worker, number); });
}

void ForwardingStorage::set_feed_listener(std::function<void()> listener) {
    inner_->set_feed_listener(std::move(listener));
}

void ForwardingStorage::set_listener(std::function<void()> listener) {
    inner_->set_listener(std::move(listener));
}

Result<bool> ForwardingStorage::maintain(const Maintenance& maintenance) {
    return call_inner(Call::maintain, [&] { return inner_->maintain(maintenance); });
}

void ForwardingStorage::set_operational_listener(
    std::function<void(const OperationalEvent&)> listener) {
    inner_->set_operational_listener(std::move(listener));
}

Result<> ForwardingStorage::append_due_operational(std::chrono::seconds exhausted_window,
                                                   std::size_t limit) {
    return call_inner(Call::append_due_operational,
                      [&] { return inner_->append_due_operational(exhausted_window, limit); });
}

Result<StorageSample> ForwardingStorage::sample() {
    return call_inner(Call::sample, [&] { return inner_->sample(); });
}

Result<Overview> ForwardingStorage::overview() {
    return call_inner(Call::overview, [&] { return inner_->overview(); });
}

Result<std::vector<UserSummary>> ForwardingStorage::users(const std::string& after,
                                                          std::size_t limit) {
    return call_inner(Call::users, [&] { return inner_->users(after, limit); });
}

Result<std::size_t> ForwardingStorage::rewrap_data_keys(const Principal& by) {
    return call_inner(Call::rewrap_data_keys, [&] { return inner_->rewrap_data_keys(by); });
}

Result<std::size_t> ForwardingStorage::shred_user(const Principal& by, const std::string& user_id) {
    return call_inner(Call::shred_user, [&] { return inner_->shred_user(by, user_id); });
}

Result<ApiKeyRecord> ForwardingStorage::insert_api_key(const Principal& by,
                                                       const ApiKeyRecord& key) {
    return call_inner(Call::insert_api_key, [&] { return inner_->insert_api_key(by, key); });
}

Result<std::optional<ApiKeyRecord>> ForwardingStorage::find_api_key(std::string_view hash) {
    return call_inner(Call::find_api_key, [&] { return inner_->find_api_key(hash); });
}

Result<std::vector<ApiKeyRecord>> ForwardingStorage::list_api_keys() {
    return call_inner(Call::list_api_keys, [&] { return inner_->list_api_keys(); });
}

Result<> ForwardingStorage::delete_api_key(const Principal& by, ApiKeyId id) {
    return call_inner(Call::delete_api_key, [&] { return inner_->delete_api_key(by, id); });
}

Result<> ForwardingStorage::note_api_key_use(ApiKeyId id, Time time) {
    return call_inner(Call::note_api_key_use, [&] { return inner_->note_api_key_use(id, time); });
}

Result<PortalSessionRecord> ForwardingStorage::insert_portal_session(
    const Principal& by, const PortalSessionRecord& session) {
    return call_inner(Call::insert_portal_session,
                      [&] { return inner_->insert_portal_session(by, session); });
}

Result<std::optional<PortalSessionRecord>> ForwardingStorage::redeem_portal_code(
    std::string_view code_hash, std::string_view token_hash, Time now, const Origin& from) {
    return call_inner(Call::redeem_portal_code,
                      [&] { return inner_->redeem_portal_code(code_hash, token_hash, now, from); });
}

Result<std::optional<PortalSessionRecord>> ForwardingStorage::find_portal_session(
    std::string_view token_hash) {
    return call_inner(Call::find_portal_session,
                      [&] { return inner_->find_portal_session(token_hash); });
}

Result<> ForwardingStorage::delete_portal_session(const Principal& by, PortalSessionId id) {
    return call_inner(Call::delete_portal_session,
                      [&] { return inner_->delete_portal_session(by, id); });
}

Result<std::size_t> ForwardingStorage::delete_portal_sessions(const Principal& by,
                                                              const std::string& user_id) {
    return call_inner(Call::delete_portal_sessions,
                      [&] { return inner_->delete_portal_sessions(by, user_id); });
}

Result<Page<AuditRecord>> ForwardingStorage::list_audit(const Principal& principal,
                                                        const ListQuery& query) {
    return call_inner(Call::list_audit, [&] { return inner_->list_audit(principal, query); });
}

}  // namespace webhooks
