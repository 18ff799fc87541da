#include <algorithm>
#include <array>
#include <base/bucket.hpp>
#include <base/user_id.hpp>
#include <service/series.hpp>
#include <service/webhook_service_impl.hpp>

namespace webhooks::service {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::size_t default_buckets = 300;
constexpr hours max_range{366 * 24};

/// The lengths of buckets, and how far back they are kept.
struct Step {
    seconds length;
    hours keep_for;
};
constexpr std::array<Step, 3> steps = {{{rollup_width, keep_five_minutes_for},
                                        {hours(1), keep_hours_for},
                                        {hours(24), keep_days_for}}};

Time end_of_bucket(Time time, seconds length) {
    const Time start = bucket_of(time, length);
    return start == time ? start : start + length;
}

SeriesRange widened(Time from, Time to, seconds step) {
    return {.from = bucket_of(from, step), .to = end_of_bucket(to, step), .step = step};
}

std::size_t buckets_in(const SeriesRange& range) {
    return static_cast<std::size_t>((range.to - range.from) / range.step);
}

/// What is older is in longer buckets. Of days, the older ones are empty.
bool is_kept(const Step& step, Time from, Time now) {
    if (step.length == steps.back().length) return true;
    return bucket_of(from, step.length) >= bucket_of(now - step.keep_for, seconds(hours(1)));
}

/// The shortest step that makes few buckets of what is kept.
const Step& choose_step(Time from, Time to, Time now) {
    for (const Step& step : steps) {
        const bool is_short = buckets_in(widened(from, to, step.length)) <= default_buckets;
        if (is_short && is_kept(step, from, now)) return step;
    }
    return steps.back();
}

}  // namespace

Result<SeriesRange> series_range(const SeriesQuery& query, Time now) {
    const auto wrong = [](const char* field, const char* message) {
        return Error(std::vector<FieldError>{{field, message}});
    };
    const Time to = std::min(query.to.value_or(now), now);
    const Time from = query.from.value_or(to - hours(24));
    if (from >= to) return wrong("from", "must be earlier than to, and than now");
    if (to - from > max_range) return wrong("from", "must be at most 366 days before to");
    const auto step = std::ranges::find(steps, query.step.value_or(seconds(0)), &Step::length);
    if (query.step && step == steps.end()) return wrong("step", "must be 5m, 1h or 1d");
    const Step& chosen = query.step ? *step : choose_step(from, to, now);
    if (!is_kept(chosen, from, now)) {
        return wrong("step", "is too short: 5m goes back 48 hours, and 1h 90 days");
    }
    const SeriesRange range = widened(from, to, chosen.length);
    if (buckets_in(range) > max_series_buckets) {
        return wrong("step", "is too short: a series has at most 1000 buckets");
    }
    return range;
}

DeliverySeries fill(const SeriesRange& range, const SeriesRows& rows, Time now) {
    const Time oldest = std::max(rows.counted_since, now - keep_days_for);
    DeliverySeries series{.from = range.from,
                          .to = range.to,
                          .step = range.step,
                          .is_complete = range.from >= oldest};
    auto next = rows.buckets.begin();
    for (Time start = range.from; start < range.to; start += range.step) {
        series.buckets.push_back({.start = start});
        if (next == rows.buckets.end() || next->start != start) continue;
        series.buckets.back().counts = (next++)->counts;
    }
    return series;
}

}  // namespace webhooks::service

namespace webhooks {

Result<DeliveryStatistics> WebhookService::Impl::statistics(const Principal& principal,
                                                            SubscriptionId id,
                                                            std::stop_token stop) const {
    Result<DeliveryStatistics> statistics = storage->statistics(principal, id, std::move(stop));
    if (statistics && statistics->paused_until <= engine.now()) {
        statistics->paused_until.reset();
    }
    return statistics;
}

Result<DeliverySeries> WebhookService::Impl::series(const Principal& principal,
                                                    const SeriesScope& scope,
                                                    const SeriesQuery& query) const {
    if (scope.user_id && !is_user_id(*scope.user_id)) {
        return Error(std::vector<FieldError>{{"userId", user_id_rule}});
    }
    if (scope.user_id && !principal.may_see(*scope.user_id)) {
        return Error(Errc::forbidden, "only an administrator may ask for another user");
    }
    // A missing subscription takes precedence over invalid input.
    if (scope.subscription) {
        const Result<Subscription> found =
            storage->find_subscription(principal, *scope.subscription);
        if (!found) return found.error();
    }
    const Time now = engine.now();
    const Result<SeriesRange> range = service::series_range(query, now);
    if (!range) return range.error();
    const Result<SeriesRows> rows = storage->series(principal, scope, *range);
    if (!rows) return rows.error();
    return service::fill(*range, *rows, now);
}

}  // namespace webhooks
