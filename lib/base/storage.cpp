#include <webhooks/storage.hpp>

namespace webhooks {
namespace {

Error no_api_keys() {
    return Error(Errc::unsupported, "this storage keeps no API keys");
}

}  // namespace

Result<std::vector<Notice>> Storage::notices(std::int64_t) {
    return std::vector<Notice>();
}

Result<Page<Event>> Storage::list_all_events(const Principal&, const ListQuery&) {
    return Error(Errc::unsupported, "this storage can only list the events of one subscription");
}

Result<EventHistory> Storage::find_any_event(const Principal&, EventId,
                                             std::optional<std::uint64_t>) {
    return Error(Errc::unsupported, "this storage can only find an event by its subscription, too");
}

Result<std::size_t> Storage::count_undelivered(const Principal&, SubscriptionId,
                                               const CreationPeriod&) {
    return Error(Errc::unsupported, "this storage cannot count undelivered events");
}

Result<SeriesRows> Storage::series(const Principal&, const SeriesScope&, const SeriesRange&) {
    return Error(Errc::unsupported, "this storage keeps no counts over time");
}

Result<Overview> Storage::overview() {
    return Error(Errc::unsupported, "this storage has no overview");
}

Result<std::vector<UserSummary>> Storage::users(const std::string&, std::size_t) {
    return Error(Errc::unsupported, "this storage cannot list users");
}

void Storage::set_listener(std::function<void()>) {}

void Storage::set_operational_listener(std::function<void(const OperationalEvent&)>) {}

Result<> Storage::append_due_operational(std::chrono::seconds, std::size_t) {
    return {};
}

Result<StorageSample> Storage::sample() {
    return Error(Errc::unsupported, "this storage counts nothing for metrics");
}

Result<ApiKeyRecord> Storage::insert_api_key(const ApiKeyRecord&) {
    return no_api_keys();
}

Result<std::optional<ApiKeyRecord>> Storage::find_api_key(std::string_view) {
    return no_api_keys();
}

Result<std::vector<ApiKeyRecord>> Storage::list_api_keys() {
    return no_api_keys();
}

Result<> Storage::delete_api_key(ApiKeyId) {
    return no_api_keys();
}

}  // namespace webhooks
