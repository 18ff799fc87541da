#include <metrics/metered_parts.hpp>
#include <service/entry.hpp>
#include <service/guarded_parts.hpp>
#include <service/webhook_service_impl.hpp>

namespace webhooks {

using service::enter;
using service::enter_async;
using service::enter_publishing;
using service::enter_publishing_async;

Result<WebhookService> WebhookService::open(Parts parts, ServiceOptions options) {
    try {
        if (!parts.storage || !parts.transport) {
            return Error(Errc::invalid_argument,
                         "a WebhookService needs a storage and a transport");
        }
        if (Result<> verdict = options.validate(); !verdict) return verdict.error();
        auto claim = service::TransportClaim::take(*parts.transport);
        if (!claim) return claim.error();
        auto counts = std::make_shared<metrics::ServiceMetrics>(options.event_type_label);
        parts.observer = service::guarded(parts.observer ? std::move(parts.observer)
                                                         : std::make_shared<Observer>());
        parts.observer = metrics::metered(std::move(parts.observer), counts);
        parts.clock =
            parts.clock ? service::guarded(std::move(parts.clock), parts.observer) : system_clock();
        parts.storage = service::guarded(std::move(parts.storage), parts.observer);
        if (parts.validator) {
            parts.validator = service::guarded(std::move(parts.validator), parts.observer);
        }
        if (!parts.random) parts.random = system_random();
        parts.storage = metrics::metered(std::move(parts.storage), parts.clock, counts);
        auto impl = std::make_shared<Impl>(std::move(parts), *std::move(claim), std::move(options),
                                           std::move(counts));
        if (Result<> opened = impl->engine.open(impl); !opened) return opened.error();
        return WebhookService(std::move(impl));
    } catch (...) {
        return error_of_thrown();
    }
}

WebhookService::WebhookService(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebhookService::WebhookService(WebhookService&&) noexcept = default;

WebhookService& WebhookService::operator=(WebhookService&& other) noexcept {
    if (this != &other) {
        let_go();
        impl_ = std::move(other.impl_);
    }
    return *this;
}

WebhookService::~WebhookService() {
    let_go();
}

void WebhookService::let_go() noexcept {
    const std::shared_ptr<Impl> impl = std::move(impl_);
    if (!impl) return;
    if (impl->process == process_id()) {
        impl->engine.let_go();
    } else {
        impl->kept = impl;
    }
}

// ---- Validation.

Result<> WebhookService::validate(const Principal& principal,
                                  const SubscriptionDraft& draft) const {
    return enter(impl_, principal, Action::create_subscription,
                 [&](Impl& impl) { return impl.validate(principal, draft); });
}

Result<> WebhookService::validate(const Principal& principal,
                                  const SubscriptionChange& change) const {
    return enter(impl_, [&](Impl& impl) { return impl.validate(principal, change); });
}

Result<> WebhookService::validate(const Principal& principal, SubscriptionId id,
                                  const SubscriptionChange& change) const {
    return enter(impl_, principal, Action::update_subscription,
                 [&](Impl& impl) { return impl.validate(principal, id, change); });
}

Result<> WebhookService::validate(const Publication& publication) const {
    return enter(impl_, [&](Impl& impl) { return impl.validate(publication); });
}

Result<> WebhookService::validate(const EventType& type) const {
    return enter(impl_, [&](Impl& impl) { return impl.validate(type); });
}

// ---- Subscriptions.

Result<Subscription> WebhookService::create_subscription(const Principal& principal,
                                                         SubscriptionDraft draft) {
    return enter(impl_, principal, Action::create_subscription,
                 [&](Impl& impl) { return impl.create_subscription(principal, std::move(draft)); });
}

Result<Subscription> WebhookService::subscription(const Principal& principal,
                                                  SubscriptionId id) const {
    return enter(impl_, principal, Action::get_subscription,
                 [&](Impl& impl) { return impl.subscription(principal, id); });
}

Result<Subscription> WebhookService::update_subscription(const Principal& principal,
                                                         SubscriptionId id,
                                                         SubscriptionChange change) {
    return enter(impl_, principal, Action::update_subscription, [&](Impl& impl) {
        return impl.update_subscription(principal, id, std::move(change));
    });
}

Result<> WebhookService::delete_subscription(const Principal& principal, SubscriptionId id) {
    return enter(impl_, principal, Action::delete_subscription,
                 [&](Impl& impl) { return impl.delete_subscription(principal, id); });
}

Result<Page<Subscription>> WebhookService::subscriptions(const Principal& principal,
                                                         const ListQuery& query) const {
    return enter(impl_, principal, Action::list_subscriptions,
                 [&](Impl& impl) { return impl.subscriptions(principal, query); });
}

Result<Subscription> WebhookService::rotate_secret(const Principal& principal, SubscriptionId id,
                                                   std::optional<Secret> secret,
                                                   std::chrono::seconds overlap) {
    return enter(impl_, principal, Action::rotate_secret, [&](Impl& impl) {
        return impl.rotate_secret(principal, id, std::move(secret), overlap);
    });
}

Result<DeliveryStatistics> WebhookService::statistics(const Principal& principal, SubscriptionId id,
                                                      std::stop_token stop) const {
    return enter(impl_, principal, Action::get_statistics,
                 [&](Impl& impl) { return impl.statistics(principal, id, std::move(stop)); });
}

Result<DeliverySeries> WebhookService::series(const Principal& principal, SubscriptionId id,
                                              const SeriesQuery& query) const {
    return enter(impl_, principal, Action::get_series,
                 [&](Impl& impl) { return impl.series(principal, {.subscription = id}, query); });
}

Result<DeliverySeries> WebhookService::all_series(const Principal& principal,
                                                  const SeriesQuery& query,
                                                  const std::optional<std::string>& user_id) const {
    return enter(impl_, principal, Action::get_all_series,
                 [&](Impl& impl) { return impl.series(principal, {.user_id = user_id}, query); });
}

Result<FilterReport> WebhookService::test_filter(const Principal& principal,
                                                 const std::string& filter,
                                                 const FilterInput& input) const {
    return enter(impl_, principal, Action::test_filter,
                 [&](Impl& impl) { return impl.test_filter(filter, input); });
}

Result<FilterSample> WebhookService::test_filter(const Principal& principal,
                                                 const std::string& filter, SubscriptionId id,
                                                 std::stop_token stop) const {
    return enter(impl_, principal, Action::test_filter_on_events, [&](Impl& impl) {
        return impl.test_filter(principal, filter, id, std::move(stop));
    });
}

Result<Page<SubscriptionMatch>> WebhookService::match_event(const Principal& principal,
                                                            const Publication& publication,
                                                            std::stop_token stop) const {
    return enter(impl_, principal, Action::match_event, [&](Impl& impl) {
        return impl.match_event(principal, publication, std::move(stop));
    });
}

Result<Page<Event>> WebhookService::events(const Principal& principal, SubscriptionId id,
                                           const ListQuery& query) const {
    return enter(impl_, principal, Action::list_events,
                 [&](Impl& impl) { return impl.events(principal, id, query); });
}

Result<Page<Event>> WebhookService::all_events(const Principal& principal,
                                               const ListQuery& query) const {
    return enter(impl_, principal, Action::list_all_events,
                 [&](Impl& impl) { return impl.all_events(principal, query); });
}

Result<EventHistory> WebhookService::event(const Principal& principal, SubscriptionId id,
                                           EventId event) const {
    return enter(impl_, principal, Action::get_event,
                 [&](Impl& impl) { return impl.event(principal, id, event); });
}

Result<EventHistory> WebhookService::event(const Principal& principal, EventId event) const {
    return enter(impl_, principal, Action::get_event,
                 [&](Impl& impl) { return impl.event(principal, event); });
}

Result<EventHistory> WebhookService::event(const Principal& principal,
                                           std::string_view webhook_id) const {
    return enter(impl_, principal, Action::get_event,
                 [&](Impl& impl) { return impl.event(principal, webhook_id); });
}

Result<FeedPage> WebhookService::read_feed(const Principal& principal, SubscriptionId id,
                                           const FeedQuery& query) const {
    return enter(impl_, principal, Action::read_feed,
                 [&](Impl& impl) { return impl.read_feed(principal, id, query); });
}

void WebhookService::async_read_feed(const Principal& principal, SubscriptionId id,
                                     const FeedQuery& query, std::chrono::milliseconds wait,
                                     std::function<void(Result<FeedPage>)> done,
                                     std::stop_token stop) {
    enter_async<FeedPage>(
        impl_, principal, Action::read_feed, std::move(done),
        [](Impl&) { return service::NoMeter(); },
        [&](Impl& impl, const auto& completion) {
            return impl.async_read_feed(principal, id, query, wait, completion, stop);
        });
}

Result<> WebhookService::delete_event(const Principal& principal, SubscriptionId id,
                                      EventId event) {
    return enter(impl_, principal, Action::delete_event,
                 [&](Impl& impl) { return impl.delete_event(principal, id, event); });
}

Result<EventId> WebhookService::send_test_event(const Principal& principal, SubscriptionId id,
                                                std::optional<std::string> payload) {
    return enter(impl_, principal, Action::send_test_event, [&](Impl& impl) {
        return impl.send_test_event(principal, id, std::move(payload));
    });
}

Result<Event> WebhookService::retry_event(const Principal& principal, SubscriptionId id,
                                          EventId event) {
    return enter(impl_, principal, Action::retry_event,
                 [&](Impl& impl) { return impl.retry_event(principal, id, event); });
}

Result<std::size_t> WebhookService::recover(const Principal& principal, SubscriptionId id,
                                            const CreationPeriod& period) {
    return enter(impl_, principal, Action::recover,
                 [&](Impl& impl) { return impl.recover(principal, id, period); });
}

Result<std::size_t> WebhookService::count_undelivered(const Principal& principal, SubscriptionId id,
                                                      const CreationPeriod& period) const {
    return enter(impl_, principal, Action::recover,
                 [&](Impl& impl) { return impl.count_undelivered(principal, id, period); });
}

Result<CreatedApiKey> WebhookService::create_api_key(const Principal& maker,
                                                     const ApiKeyDraft& draft) {
    return enter(impl_, maker, Action::create_api_key,
                 [&](Impl& impl) { return impl.create_api_key(maker, draft); });
}

Result<std::vector<ApiKeyRecord>> WebhookService::api_keys(const Principal& principal) const {
    return enter(impl_, principal, Action::list_api_keys,
                 [&](Impl& impl) { return impl.list_api_keys(principal); });
}

Result<> WebhookService::delete_api_key(const Principal& principal, ApiKeyId id) {
    return enter(impl_, principal, Action::delete_api_key,
                 [&](Impl& impl) { return impl.api_keys.revoke(principal, id); });
}

Result<Page<AuditRecord>> WebhookService::audit(const Principal& principal,
                                                const ListQuery& query) const {
    return enter(impl_, principal, Action::list_audit,
                 [&](Impl& impl) { return impl.audit(principal, query); });
}

Result<PortalSessions> WebhookService::portal_sessions() const {
    return enter(impl_, [](Impl& impl) -> Result<PortalSessions> { return impl.portal_sessions; });
}

Result<Overview> WebhookService::overview(const Principal& principal) const {
    return enter(impl_, principal, Action::get_overview,
                 [&](Impl& impl) { return impl.overview(); });
}

Result<std::vector<UserSummary>> WebhookService::users(const Principal& principal,
                                                       const std::string& after,
                                                       std::size_t take) const {
    return enter(impl_, principal, Action::list_users,
                 [&](Impl& impl) { return impl.users(after, take); });
}

Result<std::size_t> WebhookService::rewrap_data_keys(const Principal& principal) {
    return enter(impl_, principal, Action::rewrap_data_keys,
                 [&](Impl& impl) { return impl.rewrap_data_keys(principal); });
}

Result<std::size_t> WebhookService::shred_user(const Principal& principal,
                                               const std::string& user_id) {
    return enter(impl_, principal, Action::shred_user,
                 [&](Impl& impl) { return impl.shred_user(principal, user_id); });
}

Result<PublishReceipt> WebhookService::publish(const Principal& principal,
                                               Publication publication) {
    return enter_publishing(impl_, principal, 1, [&](Impl& impl) {
        return impl.publish(principal, std::move(publication));
    });
}

Result<std::vector<PublishReceipt>> WebhookService::publish_batch(
    const Principal& principal, std::vector<Publication> publications) {
    return enter_publishing(impl_, principal, publications.size(), [&](Impl& impl) {
        return impl.publish_batch(principal, std::move(publications));
    });
}

void WebhookService::async_publish(const Principal& principal, Publication publication,
                                   std::function<void(Result<PublishReceipt>)> done) {
    enter_publishing_async<PublishReceipt>(
        impl_, principal, 1, std::move(done), [&](Impl& impl, auto completion) {
            return impl.async_publish(principal, std::move(publication), std::move(completion));
        });
}

void WebhookService::async_publish_batch(
    const Principal& principal, std::vector<Publication> publications,
    std::function<void(Result<std::vector<PublishReceipt>>)> done) {
    const std::size_t count = publications.size();
    enter_publishing_async<Impl::Receipts>(
        impl_, principal, count, std::move(done), [&](Impl& impl, auto completion) {
            return impl.async_publish_batch(principal, std::move(publications),
                                            std::move(completion));
        });
}

Result<> WebhookService::start() {
    return enter(impl_, [this](Impl& impl) { return impl.engine.start(impl_); });
}

Result<> WebhookService::start_storage() {
    return enter(impl_, [this](Impl& impl) { return impl.engine.start_storage(impl_); });
}

Result<SteadyTime> WebhookService::next_wake() const {
    return enter(impl_, [](Impl& impl) { return impl.engine.next_wake(); });
}

Result<int> WebhookService::wait_handle() const {
    return enter(impl_, [](Impl& impl) { return impl.engine.wait_handle(); });
}

Result<> WebhookService::set_wake_callback(std::function<void()> callback) {
    return enter(impl_, [&](Impl& impl) -> Result<> {
        impl.engine.set_wake_callback(std::move(callback));
        return {};
    });
}

Result<std::size_t> WebhookService::run_once() {
    return enter(impl_, [](Impl& impl) { return impl.engine.run_once(); });
}

Result<> WebhookService::stop(std::chrono::milliseconds drain) {
    return enter(impl_, [&](Impl& impl) { return impl.engine.stop(drain); });
}

Result<> WebhookService::abandon() {
    return enter(impl_, [](Impl& impl) { return impl.engine.abandon(); });
}

Result<> WebhookService::check_ready() const {
    return enter(impl_, [](Impl& impl) { return impl.engine.check_ready(); });
}

Result<std::vector<MetricFamily>> WebhookService::metrics() const {
    return enter(impl_, [](Impl& impl) -> Result<std::vector<MetricFamily>> {
        return impl.engine.collect_metrics();
    });
}

Result<std::vector<MetricFamily>> WebhookService::metrics(const Principal& principal) const {
    return enter(impl_, principal, Action::get_metrics,
                 [](Impl& impl) -> Result<std::vector<MetricFamily>> {
                     return impl.engine.collect_metrics();
                 });
}

const ServiceOptions& WebhookService::options() const noexcept {
    static const ServiceOptions of_none;
    return impl_ ? impl_->options : of_none;
}

}  // namespace webhooks
