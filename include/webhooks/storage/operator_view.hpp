#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/overview.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// Counts for metrics. Counts of events stop at `StorageSample::max_events`.
struct StorageSample {
    static constexpr std::size_t max_events = 100'000;

    // Events that wait in storage for an attempt, not in the memory of a worker.
    std::size_t due = 0;        ///< Due, and not claimed by a worker.
    std::size_t scheduled = 0;  ///< Due later.
    std::size_t reserved = 0;   ///< For subscriptions that are paused or whose queue is full.
    std::optional<Time> oldest_due = {};  ///< The earliest due time among `due`.
    /// When the oldest event was created that feeds do not show yet, because a transaction that is
    /// open may still append one before it.
    std::optional<Time> oldest_held_back = {};
    // Subscriptions, by SubscriptionState.
    std::size_t inactive = 0;
    std::size_t failing = 0;
    std::size_t paused = 0;
    std::size_t active = 0;
    // Workers.
    std::size_t live = 0;
    std::size_t expired = 0;  ///< Their lease has expired, and no worker has taken over yet.
};

/// The state of a whole installation.
struct Overview {
    Time now{};  ///< Storage's time.
    StorageSample sample = {};
    std::size_t users = 0;                  ///< Those that have subscriptions.
    std::vector<WorkerState> workers = {};  ///< By id, without those that have retired.
    StorageInfo storage = {};
};

/// The part of a Storage for the operators of an installation. A storage may lack it:
/// the default implementations return `unsupported`. webhooks/storage.hpp says what holds for all
/// calls.
class OperatorView {
public:
    virtual ~OperatorView() = default;

    /// Counts for metrics; called about every 15 s. @return unsupported by default.
    virtual Result<StorageSample> sample();
    virtual Result<Overview> overview();
    /// Users that have subscriptions, by the bytes of their ids, after `after`, up to `limit`.
    virtual Result<std::vector<UserSummary>> users(const std::string& after, std::size_t limit);

    /// Encrypts the data keys with `KeyProvider::current` that another key encrypts now: afterwards
    /// that one may be destroyed. May be repeated, and called while services run. The default
    /// implementation returns `unsupported`.
    /// @param by the caller
    /// @return how many it encrypted; invalid_argument if the storage has no encryption keys.
    virtual Result<std::size_t> rewrap_data_keys(const Principal& by);
    /// Destroys the data keys of a user, and with them all encrypted payloads of messages that were
    /// published for this user, and all encrypted responses of the user's endpoints. Workers get a
    /// Notice. The default implementation returns `unsupported`.
    /// @param by the caller
    /// @return how many data keys there were; with 0 nothing was encrypted, and nothing is changed.
    virtual Result<std::size_t> shred_user(const Principal& by, const std::string& user_id);
};

}  // namespace webhooks
