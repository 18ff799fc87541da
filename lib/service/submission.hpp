#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <service/subscription_index.hpp>
#include <span>
#include <string>
#include <vector>
#include <webhooks/event.hpp>
#include <webhooks/observer.hpp>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::service {

/// One of the publications that a caller submits together.
struct PendingPublication {
    std::shared_ptr<const Message> message;
    std::optional<std::string> owner = {};    ///< The owner of the subscriptions; absent: everyone.
    std::optional<SubscriptionId> only = {};  ///< A test event's one subscription.
    std::optional<IdempotencyKey> idempotency = {};
    std::optional<Time> due = {};  ///< When to deliver it; absent: at once.
    // What Matcher knows so far.
    std::shared_ptr<filter::Judge> judge = {};  ///< Null: no filter was asked about.
    std::optional<SubscriptionIndex::Match> found = {};
};

using PublishReceipts = std::vector<PublishReceipt>;

/// What a caller submits together: all of it becomes durable, or nothing.
struct Submission {
    std::vector<PendingPublication> publications = {};  ///< At least one.
    /// Whether the caller identifies publications by index, and so do its errors.
    bool is_batch = false;
    std::function<void(Result<PublishReceipts>)> done = {};
    /// Its filters take long (see Matcher).
    bool is_slow = false;
    /// Why it is not published, unless it repeats what was published earlier (see Matcher).
    std::optional<Error> rejection = {};

    std::size_t payload_bytes() const;
};

/// The number of events that a submission makes. @pre all of its publications are matched
std::size_t count_events(const Submission& submission);

/// Calls `done` once. What it throws is logged.
void answer(Submission&, Result<PublishReceipts>, Observer&);
/// Every waiting caller must get its result, even if there is no memory for the reason.
void reject(Submission&, const char* reason, Observer&) noexcept;
/// What the caller gets for the results of its publications, which are counted.
Result<PublishReceipts> receipts_of(const Submission&, std::span<const Result<Appended>> appended,
                                    Observer&);

}  // namespace webhooks::service
