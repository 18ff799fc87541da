#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <storage/operational_writer.hpp>
#include <string>
#include <vector>

namespace webhooks::storage {

/// The ids of new events that no worker takes, and the tag for their `webhook-id`.
struct NewEventIds {
    EventId first{};
    std::uint64_t tag = 0;
};
/// Reserves consecutive ids.
using ReserveEventIds = std::function<NewEventIds(soci::session&, std::size_t count)>;

/// The statements for operational events. They run in the caller's transaction, which holds the
/// lock of changes of subscriptions, and throw what SOCI throws.
class SqlOperationalTable final : public OperationalTable {
public:
    SqlOperationalTable(soci::session& sql, ReserveEventIds reserve)
        : sql_(sql), reserve_(std::move(reserve)) {}

    std::vector<SubscriptionId> recipients(const OperationalEvent& event,
                                           const std::string& owner) override;
    void append(const Message&, const std::vector<SubscriptionId>&, Time now) override;
    std::optional<PendingFact> find_pending(SubscriptionId, const std::string& type) override;
    void put_pending(const PendingFact&) override;
    void erase_pending(const PendingFact&) override;
    std::vector<PendingFact> due_pending(Time now, std::size_t limit) override;
    MinuteCount minute_count() override;
    void set_minute_count(const MinuteCount&) override;

private:
    std::vector<PendingFact> select_pending(soci::statement& query, const std::string& condition);

    soci::session& sql_;
    const ReserveEventIds reserve_;
};

/// Whether anything pending is due: it takes no lock.
bool has_due_pending(soci::session& sql, Time now);
/// Writes the facts of those attempts of a batch that were their event's last, and were recorded.
void write_exhausted(soci::session& sql, const Batch& batch, OperationalWriter& writer);
/// Whether a batch may have such attempts.
bool has_exhausted(const Batch& batch);
/// The number of events of a subscription that wait in storage: up to `max_counted_events`.
std::size_t count_waiting_events(soci::session& sql, SubscriptionId subscription);
/// The number of those that `recover` would resend, up to the same maximum.
std::size_t count_recoverable_events(soci::session& sql, SubscriptionId subscription);

}  // namespace webhooks::storage
