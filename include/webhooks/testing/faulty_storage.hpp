#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>
#include <webhooks/storage.hpp>

namespace webhooks::testing {

/// A storage that forwards every call to another one, counts them, and breaks those that it is told
/// to break. Any thread.
class FaultyStorage final : public Storage {
public:
    /// The calls of `Storage`, by name.
    enum class Call {
        insert_subscription,
        find_subscription,
        update_subscription,
        rotate_secret,
        delete_subscription,
        list_subscriptions,
        upsert_event_type,
        configuration,
        list_events,
        find_event,
        delete_event,
        statistics,
        reopen_event,
        reopen_undelivered,
        register_worker,
        pulse,
        retire_worker,
        declare_dead,
        take_over,
        write,
        appended_after,
        claim,
        claim_deferred,
        unclaim,
        maintain,
        insert_api_key,
        find_api_key,
        list_api_keys,
        delete_api_key,
    };

    /// How a call breaks. The caller sees the same of both: `unavailable`.
    enum class Fault {
        refused,      ///< It fails before it does anything.
        answer_lost,  ///< It does its work; what it answers is lost.
    };

    static constexpr std::size_t for_ever = std::numeric_limits<std::size_t>::max();

    /// Which calls break.
    struct Breakage {
        Fault fault = Fault::refused;
        /// The first call that breaks: 1 is the next one.
        std::size_t first = 1;
        /// How many break, one after the other; 0: none; `for_ever`: until `mend`.
        std::size_t count = 1;
        /// Set: only calls of this kind break, and only these count for `first` and `count`.
        std::optional<Call> only = {};
    };

    /// @pre `storage` is not null.
    explicit FaultyStorage(std::shared_ptr<Storage> storage);

    /// From now on calls break as told, instead of as told before.
    void break_calls(Breakage breakage);
    /// From now on every call is forwarded.
    void mend();

    /// How many calls were made so far, broken ones included; with a kind, of that kind.
    std::size_t calls() const;
    std::size_t calls(Call call) const;
    /// Those that broke so far, in order.
    std::vector<Call> broken() const;

    Result<Subscription> insert_subscription(const Subscription&) override;
    Result<Subscription> find_subscription(const Principal&, SubscriptionId) override;
    Result<Subscription> update_subscription(const Principal&, SubscriptionId,
                                             const SubscriptionChange&) override;
    Result<Subscription> rotate_secret(const Principal&, SubscriptionId, const Secret&,
                                       std::chrono::seconds overlap) override;
    Result<> delete_subscription(const Principal&, SubscriptionId) override;
    Result<Page<Subscription>> list_subscriptions(const Principal&, const ListQuery&) override;
    Result<> upsert_event_type(const EventType&) override;
    Result<Configuration> configuration(Revision since) override;

    Result<Page<Event>> list_events(const Principal&, SubscriptionId, const ListQuery&) override;
    Result<EventHistory> find_event(const Principal&, SubscriptionId, EventId) override;
    Result<> delete_event(const Principal&, SubscriptionId, EventId) override;
    Result<DeliveryStatistics> statistics(const Principal&, SubscriptionId) override;
    Result<> reopen_event(const Principal&, SubscriptionId, EventId) override;
    Result<Reopened> reopen_undelivered(const Principal&, SubscriptionId, Time since, EventId after,
                                        std::size_t limit) override;

    Result<Worker> register_worker(std::chrono::milliseconds lease) override;
    Result<Pulse> pulse(WorkerId) override;
    Result<> retire_worker(WorkerId) override;
    Result<> declare_dead(WorkerId) override;
    Result<std::size_t> take_over(WorkerId, std::size_t limit) override;
    Result<BatchReceipt> write(WorkerId, const Batch&) override;
    Result<std::vector<HeldEvent>> appended_after(WorkerId, EventId after,
                                                  std::size_t limit) override;
    Result<Claim> claim(WorkerId, std::size_t limit, std::int64_t number) override;
    Result<std::vector<HeldEvent>> claim_deferred(WorkerId, SubscriptionId, std::size_t limit,
                                                  std::int64_t number) override;
    Result<> unclaim(WorkerId, std::int64_t number) override;
    void set_listener(std::function<void()> listener) override;
    Result<bool> maintain(const Maintenance&) override;

    Result<ApiKeyRecord> insert_api_key(const ApiKeyRecord&) override;
    Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash) override;
    Result<std::vector<ApiKeyRecord>> list_api_keys() override;
    Result<> delete_api_key(ApiKeyId) override;

private:
    /// Notes a call. @return how it breaks, if it does.
    std::optional<Fault> note(Call call);
    /// Makes a call of the other storage, or breaks it.
    template <class Forward>
    auto pass(Call call, Forward forward) -> decltype(forward());

    const std::shared_ptr<Storage> storage_;
    mutable std::mutex mutex_;
    std::vector<Call> calls_;
    std::vector<Call> broken_;
    Breakage breakage_{.count = 0};
};

}  // namespace webhooks::testing
