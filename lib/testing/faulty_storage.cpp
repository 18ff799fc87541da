#include <algorithm>
#include <webhooks/testing/faulty_storage.hpp>

namespace webhooks::testing {

void FaultyStorage::break_calls(Breakage breakage) {
    const std::scoped_lock lock(mutex_);
    breakage_ = breakage;
}

void FaultyStorage::repair() {
    break_calls({.count = 0});
}

std::size_t FaultyStorage::calls() const {
    const std::scoped_lock lock(mutex_);
    return calls_.size();
}

std::size_t FaultyStorage::calls(Call call) const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count(calls_, call));
}

std::vector<FaultyStorage::Call> FaultyStorage::broken() const {
    const std::scoped_lock lock(mutex_);
    return broken_;
}

std::optional<FaultyStorage::Fault> FaultyStorage::note(Call call) {
    const std::scoped_lock lock(mutex_);
    calls_.push_back(call);
    if (breakage_.count == 0 || (breakage_.only && call != *breakage_.only)) return std::nullopt;
    if (breakage_.first > 1) {
        --breakage_.first;
        return std::nullopt;
    }
    if (breakage_.count != indefinitely) --breakage_.count;
    broken_.push_back(call);
    return breakage_.fault;
}

Result<> FaultyStorage::intercept(Call call, const std::function<Result<>()>& forward) {
    const std::optional<Fault> fault = note(call);
    if (fault == Fault::rejected) return Error(Errc::unavailable, "storage was set to fail");
    const Result<> verdict = forward();
    if (fault) return Error(Errc::unavailable, "storage was set to lose its result");
    return verdict;
}

}  // namespace webhooks::testing
