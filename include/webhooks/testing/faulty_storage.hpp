#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>
#include <webhooks/export.hpp>
#include <webhooks/forwarding_storage.hpp>
#include <webhooks/random.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace testing {

/// A storage that forwards every call to another one, counts the calls, and breaks those selected.
/// Thread-safe.
class FaultyStorage final : public ForwardingStorage {
public:
    /// How a call breaks. The caller sees `unavailable` in both cases.
    enum class Fault {
        rejected,     ///< It fails before it does anything.
        answer_lost,  ///< It does its work, but its result is lost.
    };

    static constexpr std::size_t indefinitely = std::numeric_limits<std::size_t>::max();

    /// Which calls break.
    struct Breakage {
        Fault fault = Fault::rejected;
        /// The first call that breaks: 1 is the next one.
        std::size_t first = 1;
        /// The number of consecutive calls that break; 0: none; `indefinitely`: until `repair`.
        std::size_t count = 1;
        /// Set: only calls of this kind break, and only these count for `first` and `count`.
        std::optional<Call> only = {};
    };

    /// How often calls break by chance: each one independently.
    struct Chances {
        double rejected = 0;     ///< The probability of `Fault::rejected`, 0-1.
        double answer_lost = 0;  ///< The probability of `Fault::answer_lost` of the other calls.
    };

    using ForwardingStorage::ForwardingStorage;

    /// Replaces the selection of calls that break.
    void break_calls(Breakage breakage);
    /// From now on all calls break by chance, in addition to those selected: with a seeded source
    /// the same calls break each time. @param random not null
    void break_by_chance(Chances chances, std::shared_ptr<Random> random);
    /// From now on no call breaks.
    void repair();

    /// The number of calls so far, including broken ones; with a kind, only of that kind.
    std::size_t calls() const;
    std::size_t calls(Call call) const;
    /// The calls that have broken so far, in order.
    std::vector<Call> broken() const;

private:
    Result<> intercept(Call call, const std::function<Result<>()>& forward) override;
    /// Counts a call. @return how it breaks, if it does.
    std::optional<Fault> note(Call call);
    std::optional<Fault> take_selected(Call call);
    std::optional<Fault> take_chance();

    mutable std::mutex mutex_;
    std::vector<Call> calls_;
    std::vector<Call> broken_;
    Breakage breakage_{.count = 0};
    Chances chances_;
    std::shared_ptr<Random> random_;
};

}  // namespace testing
}  // namespace webhooks
