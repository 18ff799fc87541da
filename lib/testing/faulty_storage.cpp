#include <algorithm>
#include <utility>
#include <webhooks/testing/faulty_storage.hpp>

namespace webhooks::testing {
namespace {

/// Takes a random number only where the result is open.
bool is_met(double probability, Random* random) {
    if (probability <= 0) return false;
    // The upper 53 bits, as a number in [0, 1).
    return static_cast<double>(random->next() >> 11U) * 0x1p-53 < probability;
}

}  // namespace

void FaultyStorage::break_calls(Breakage breakage) {
    const std::scoped_lock lock(mutex_);
    breakage_ = breakage;
}

void FaultyStorage::break_by_chance(Chances chances, std::shared_ptr<Random> random) {
    const std::scoped_lock lock(mutex_);
    chances_ = chances;
    random_ = std::move(random);
}

void FaultyStorage::repair() {
    const std::scoped_lock lock(mutex_);
    breakage_ = {.count = 0};
    chances_ = {};
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
    std::optional<Fault> fault = take_selected(call);
    if (!fault) fault = take_chance();
    if (fault) broken_.push_back(call);
    return fault;
}

std::optional<FaultyStorage::Fault> FaultyStorage::take_selected(Call call) {
    if (breakage_.count == 0 || (breakage_.only && call != *breakage_.only)) return std::nullopt;
    if (breakage_.first > 1) {
        --breakage_.first;
        return std::nullopt;
    }
    if (breakage_.count != indefinitely) --breakage_.count;
    return breakage_.fault;
}

std::optional<FaultyStorage::Fault> FaultyStorage::take_chance() {
    if (is_met(chances_.rejected, random_.get())) return Fault::rejected;
    if (is_met(chances_.answer_lost, random_.get())) return Fault::answer_lost;
    return std::nullopt;
}

Result<> FaultyStorage::intercept(Call call, const std::function<Result<>()>& forward) {
    const std::optional<Fault> fault = note(call);
    if (fault == Fault::rejected) return Error(Errc::unavailable, "storage was set to fail");
    const Result<> verdict = forward();
    if (fault) return Error(Errc::unavailable, "storage was set to lose its result");
    return verdict;
}

}  // namespace webhooks::testing
