#pragma once

#include <cstddef>
#include <limits>
#include <mutex>
#include <optional>
#include <vector>
#include <webhooks/export.hpp>
#include <webhooks/forwarding_storage.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace testing {

/// A storage that forwards every call to another one, counts them, and breaks those that it is told
/// to break. Any thread.
class FaultyStorage final : public ForwardingStorage {
public:
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

    using ForwardingStorage::ForwardingStorage;

    /// From now on calls break as told, instead of as told before.
    void break_calls(Breakage breakage);
    /// From now on every call is forwarded.
    void mend();

    /// How many calls were made so far, broken ones included; with a kind, of that kind.
    std::size_t calls() const;
    std::size_t calls(Call call) const;
    /// Those that broke so far, in order.
    std::vector<Call> broken() const;

private:
    Result<> intercept(Call call, const std::function<Result<>()>& forward) override;
    /// Notes a call. @return how it breaks, if it does.
    std::optional<Fault> note(Call call);

    mutable std::mutex mutex_;
    std::vector<Call> calls_;
    std::vector<Call> broken_;
    Breakage breakage_{.count = 0};
};

}  // namespace testing
}  // namespace webhooks
