#pragma once

#include <base/process.hpp>
#include <metrics/service_metrics.hpp>
#include <mutex>
#include <service/completion.hpp>
#include <service/engine.hpp>
#include <service/subscription_index.hpp>
#include <service/validation.hpp>
#include <webhooks/webhook_service.hpp>

namespace webhooks {

/// Implements the operations of `WebhookService`, with the same meaning. They throw only if memory
/// is used up.
class WebhookService::Impl {
public:
    using Receipts = service::PublishReceipts;
    using FeedCompletion = service::Completion<FeedPage, service::NoMeter>;

    /// @param parts all of them, wrapped by guarded_parts and metered_parts except for the
    /// transport.
    Impl(Parts parts, service::TransportClaim claim, ServiceOptions chosen,
         std::shared_ptr<metrics::ServiceMetrics> counts)
        : storage(parts.storage),
          clock(parts.clock),
          observer(parts.observer),
          validator(parts.validator),
          random(parts.random),
          metrics(std::move(counts)),
          call_parts(std::make_shared<const service::CallParts>(
              service::CallParts{.observer = observer, .clock = clock, .metrics = metrics})),
          options(std::move(chosen)),
          api_keys(parts.storage, parts.clock),
          portal_sessions(parts.storage, parts.clock),
          index(options.endpoints, options.log_while_deactivated),
          engine(std::move(parts), std::move(claim), options, index, metrics) {}

    Result<> validate(const Principal&, const SubscriptionDraft&) const;
    Result<> validate(const Principal&, const SubscriptionChange&) const;
    Result<> validate(const Publication&) const;
    Result<> validate(const EventType&) const;
    Result<> validate(const Principal&, SubscriptionId, const SubscriptionChange&) const;

    Result<Subscription> create_subscription(const Principal&, SubscriptionDraft);
    Result<Subscription> subscription(const Principal&, SubscriptionId) const;
    Result<Subscription> update_subscription(const Principal&, SubscriptionId, SubscriptionChange);
    Result<> delete_subscription(const Principal&, SubscriptionId);
    Result<Page<Subscription>> subscriptions(const Principal&, const ListQuery&) const;
    Result<Subscription> rotate_secret(const Principal&, SubscriptionId, std::optional<Secret>,
                                       std::chrono::seconds overlap);
    Result<DeliveryStatistics> statistics(const Principal&, SubscriptionId,
                                          std::stop_token stop) const;
    Result<DeliverySeries> series(const Principal&, const SeriesScope&, const SeriesQuery&) const;

    Result<FilterReport> test_filter(const std::string& filter, const FilterInput&) const;
    Result<FilterSample> test_filter(const Principal&, const std::string& filter, SubscriptionId,
                                     std::stop_token stop) const;
    Result<Page<SubscriptionMatch>> match_event(const Principal&, const Publication&,
                                                std::stop_token stop) const;

    Result<Page<Event>> events(const Principal&, SubscriptionId, const ListQuery&) const;
    Result<Page<Event>> all_events(const Principal&, const ListQuery&) const;
    Result<EventHistory> event(const Principal&, SubscriptionId, EventId) const;
    Result<EventHistory> event(const Principal&, EventId) const;
    Result<EventHistory> event(const Principal&, std::string_view webhook_id) const;
    Result<FeedPage> read_feed(const Principal&, SubscriptionId, const FeedQuery&) const;
    /// `done` is not called after an error.
    Result<> async_read_feed(const Principal&, SubscriptionId, const FeedQuery&,
                             std::chrono::milliseconds wait,
                             const std::shared_ptr<FeedCompletion>& done,
                             const std::stop_token& stop);
    Result<> delete_event(const Principal&, SubscriptionId, EventId);
    Result<EventId> send_test_event(const Principal&, SubscriptionId, std::optional<std::string>);
    Result<Event> retry_event(const Principal&, SubscriptionId, EventId);
    Result<std::size_t> recover(const Principal&, SubscriptionId, const CreationPeriod&);
    Result<std::size_t> count_undelivered(const Principal&, SubscriptionId,
                                          const CreationPeriod&) const;

    Result<CreatedApiKey> create_api_key(const Principal& maker, const ApiKeyDraft&);
    Result<std::vector<ApiKeyRecord>> list_api_keys(const Principal&) const;

    Result<std::size_t> rewrap_data_keys(const Principal&);
    Result<std::size_t> shred_user(const Principal&, const std::string& user_id);
    Result<Page<AuditRecord>> audit(const Principal&, const ListQuery&) const;

    Result<Overview> overview();
    Result<std::vector<UserSummary>> users(const std::string& after, std::size_t take) const;

    Result<> register_event_type(const EventType&);
    Result<EventType> register_event_type(const Principal&, const EventType&);
    Result<> retire_event_type(const Principal&, const std::string& name, bool force);
    Result<std::vector<EventType>> event_types(const EventTypeQuery& query = {},
                                               const Principal* caller = nullptr) const;
    Result<std::vector<EventType>> event_types(const Principal&, const EventTypeQuery&) const;
    Result<EventType> event_type(const Principal&, const std::string& name,
                                 bool include_retired) const;

    Result<std::shared_ptr<const EventCatalog>> event_catalog(const Principal&);

    Result<PublishReceipt> publish(const Principal&, Publication&&);
    Result<Receipts> publish_batch(const Principal&, std::vector<Publication>);
    /// `done` is not called after an error.
    Result<> async_publish(const Principal&, Publication&&,
                           std::shared_ptr<service::Completion<PublishReceipt>> done);
    Result<> async_publish_batch(const Principal&, std::vector<Publication>,
                                 std::shared_ptr<service::Completion<Receipts>> done);

    const std::shared_ptr<Storage> storage;
    const std::shared_ptr<Clock> clock;
    const std::shared_ptr<Observer> observer;
    const std::shared_ptr<PublicationValidator> validator;  ///< Null: there is none.
    const std::shared_ptr<Random> random;
    const std::shared_ptr<metrics::ServiceMetrics> metrics;
    /// The same together: a completion shares one object, not three that other threads share too.
    const std::shared_ptr<const service::CallParts> call_parts;
    const ServiceOptions options;
    ApiKeys api_keys;
    PortalSessions portal_sessions;
    service::SubscriptionIndex index;
    service::Engine engine;
    /// The process that opened the service; in a forked child there are no threads.
    const long process = process_id();
    /// Set in a child process: the state of the parent's threads must be left alone.
    std::shared_ptr<Impl> kept;

private:
    /// The latest overview; its mutex is held while it is read.
    struct CachedOverview {
        std::mutex mutex;
        Overview overview;
        std::optional<SteadyTime> read_at = {};
    };
    CachedOverview cached_overview_;
    std::mutex catalog_mutex_;
    /// The latest that was asked for, or null: of users, and of administrators.
    std::array<std::shared_ptr<const EventCatalog>, 2> catalogs_;

    /// @param caller null: the host
    service::Rules rules(const Principal* caller) const {
        return {.options = options,
                .types = service::VisibleTypes(index, caller),
                .now = engine.now(),
                .keeps_order = storage->keeps_order()};
    }
    /// By the rules of the service, then by the host's.
    Result<> check_publication(const Publication&, const service::Rules&) const;
    Result<service::Submission> prepare(const Principal& principal,
                                        Publication&& publication) const;
    Result<service::Submission> prepare(const Principal& principal,
                                        std::vector<Publication> batch) const;
    Result<service::PendingPublication> prepare(const Principal& principal,
                                                Publication&& publication,
                                                const service::Rules& current) const;
    /// The change without masks. @return not_found, otherwise invalid_argument: errors reveal
    /// nothing about subscriptions of others.
    Result<SubscriptionChange> prepare(const Principal&, SubscriptionId, SubscriptionChange) const;
    /// After a change of a subscription or an event type: it applies to all later publications, and
    /// may have appended operational events. If reading it fails, the next heartbeat reads it.
    void apply_change() {
        static_cast<void>(engine.refresh());
        engine.request_claim();
        engine.check_feeds();
    }
};

}  // namespace webhooks
