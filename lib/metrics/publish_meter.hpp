#pragma once

#include <cstddef>
#include <metrics/service_metrics.hpp>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/event.hpp>

namespace webhooks::metrics {

/// Counts the result of one call that publishes, and how long it takes.
class PublishMeter {
public:
    /// @param metrics outlives the meter, as the clock does.
    /// @param publications the number passed to the call.
    PublishMeter(ServiceMetrics& metrics, const Clock& clock, std::size_t publications)
        : metrics_(metrics),
          clock_(clock),
          publications_(publications),
          started_(clock_.steady_now()) {}

    /// If memory runs out, the call is not counted: `Result::error` makes a copy.
    template <class Receipt>
    void finish(const Result<Receipt>& receipt) const noexcept {
        try {
            count_result(receipt);
        } catch (...) {
        }
    }

private:
    void count_result(const Result<PublishReceipt>& receipt) const {
        if (receipt) {
            count(receipt->is_replay ? PublishResult::replayed : PublishResult::accepted, 1);
        } else {
            count(result_of(receipt.error()), publications_);
        }
    }

    void count_result(const Result<std::vector<PublishReceipt>>& receipts) const {
        if (!receipts) return count(result_of(receipts.error()), publications_);
        std::size_t replayed = 0;
        for (const PublishReceipt& receipt : *receipts) {
            if (receipt.is_replay) ++replayed;
        }
        count(PublishResult::replayed, replayed);
        count(PublishResult::accepted, receipts->size() - replayed);
    }

    static PublishResult result_of(const Error& error) noexcept {
        if (error == Errc::conflict) return PublishResult::conflict;
        if (error == Errc::overloaded) return PublishResult::overloaded;
        const bool is_callers = error == Errc::invalid_argument || error == Errc::forbidden ||
                                error == Errc::not_found || error == Errc::invalid_state;
        return is_callers ? PublishResult::invalid : PublishResult::unavailable;
    }

    void count(PublishResult result, std::size_t count) const noexcept {
        if (count == 0) return;
        metrics_.count_publications(
            result, count,
            std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady_now() - started_));
    }

    ServiceMetrics& metrics_;
    const Clock& clock_;
    std::size_t publications_;
    SteadyTime started_;
};

}  // namespace webhooks::metrics
