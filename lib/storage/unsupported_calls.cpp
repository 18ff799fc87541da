#include <storage/feed_page.hpp>
#include <webhooks/storage.hpp>

namespace webhooks {
namespace {

Error no_api_keys() {
    return Error(Errc::unsupported, "this storage keeps no API keys");
}

Error no_portal_sessions() {
    return Error(Errc::unsupported, "this storage keeps no sessions of the portal");
}

Error no_catalog() {
    return Error(Errc::unsupported, "this storage can only add event types that the host declares");
}

}  // namespace

Result<EventType> SubscriptionStore::replace_event_type(const Principal&, const EventType&) {
    return no_catalog();
}

Result<> SubscriptionStore::retire_event_type(const Principal&, const std::string&, bool) {
    return no_catalog();
}

Result<std::vector<Notice>> SubscriptionStore::notices(std::int64_t) {
    return std::vector<Notice>();
}

Result<Page<Event>> EventLog::list_all_events(const Principal&, const ListQuery&) {
    return Error(Errc::unsupported, "this storage can only list the events of one subscription");
}

Result<EventHistory> EventLog::find_any_event(const Principal&, EventId,
                                              std::optional<std::uint64_t>) {
    return Error(Errc::unsupported, "this storage can only find an event by its subscription, too");
}

Result<FeedRows> EventLog::read_feed(const Principal&, SubscriptionId, const FeedRequest&) {
    return Error(Errc::unsupported, "this storage has no feed");
}

Result<std::vector<FeedChange>> EventLog::feed_changes(const std::vector<FeedWatch>& watches) {
    std::vector<FeedChange> all;
    for (const FeedWatch& watch : watches) {
        all.push_back({.subscription = watch.subscription, .newest = storage::end_of_feed});
    }
    return all;
}

Result<std::size_t> EventLog::count_undelivered(const Principal&, SubscriptionId,
                                                const CreationPeriod&) {
    return Error(Errc::unsupported, "this storage cannot count undelivered events");
}

Result<SeriesRows> EventLog::series(const Principal&, const SeriesScope&, const SeriesRange&) {
    return Error(Errc::unsupported, "this storage keeps no counts over time");
}

void DeliveryLog::set_operational_listener(std::function<void(const OperationalEvent&)>) {}

Result<> DeliveryLog::append_due_operational(std::chrono::seconds, std::size_t) {
    return {};
}

Result<Overview> OperatorView::overview() {
    return Error(Errc::unsupported, "this storage has no overview");
}

Result<std::vector<UserSummary>> OperatorView::users(const std::string&, std::size_t) {
    return Error(Errc::unsupported, "this storage cannot list users");
}

Result<std::size_t> OperatorView::rewrap_data_keys(const Principal&) {
    return Error(Errc::unsupported, "this storage encrypts nothing");
}

Result<std::size_t> OperatorView::shred_user(const Principal&, const std::string&) {
    return Error(Errc::unsupported, "this storage encrypts nothing");
}

void EventLog::set_feed_listener(std::function<void()>) {}

void DeliveryLog::set_listener(std::function<void()>) {}

Result<StorageSample> OperatorView::sample() {
    return Error(Errc::unsupported, "this storage counts nothing for metrics");
}

Result<ApiKeyRecord> ApiKeyStore::insert_api_key(const Principal&, const ApiKeyRecord&) {
    return no_api_keys();
}

Result<std::optional<ApiKeyRecord>> ApiKeyStore::find_api_key(std::string_view) {
    return no_api_keys();
}

Result<std::vector<ApiKeyRecord>> ApiKeyStore::list_api_keys() {
    return no_api_keys();
}

Result<> ApiKeyStore::note_api_key_use(ApiKeyId, Time) {
    return {};
}

Result<> ApiKeyStore::delete_api_key(const Principal&, ApiKeyId) {
    return no_api_keys();
}

Result<PortalSessionRecord> PortalSessionStore::insert_portal_session(const Principal&,
                                                                      const PortalSessionRecord&) {
    return no_portal_sessions();
}

Result<std::optional<PortalSessionRecord>> PortalSessionStore::redeem_portal_code(std::string_view,
                                                                                  std::string_view,
                                                                                  Time,
                                                                                  const Origin&) {
    return no_portal_sessions();
}

Result<std::optional<PortalSessionRecord>> PortalSessionStore::find_portal_session(
    std::string_view) {
    return no_portal_sessions();
}

Result<> PortalSessionStore::delete_portal_session(const Principal&, PortalSessionId) {
    return no_portal_sessions();
}

Result<std::size_t> PortalSessionStore::delete_portal_sessions(const Principal&,
                                                               const std::string&) {
    return no_portal_sessions();
}

Result<Page<AuditRecord>> AuditLog::list_audit(const Principal&, const ListQuery&) {
    return Error(Errc::unsupported, "this storage keeps no audit log");
}

}  // namespace webhooks
