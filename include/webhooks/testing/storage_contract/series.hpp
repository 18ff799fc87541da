#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

/// Counts of attempts over time.
class SeriesFixture : public Fixture {
public:
    using Fixture::Fixture;

    static constexpr auto width = std::chrono::duration_cast<Time::duration>(rollup_width);
    const SubscriptionId mine = subscribe("alice").id;
    const SubscriptionId second = subscribe("alice").id;
    const SubscriptionId of_bob = subscribe("bob").id;
    /// A day begins here.
    const Time begin = Time(std::chrono::floor<std::chrono::days>(clock->now()).time_since_epoch());

    static DeliveryCounts counts(std::int64_t delivered, std::int64_t failed = 0) {
        DeliveryCounts counts;
        for (std::int64_t i = 0; i < delivered; ++i)
            counts.add({.duration = 7ms, .status_code = 200, .outcome = Outcome::delivered});
        for (std::int64_t i = 0; i < failed; ++i)
            counts.add({.duration = 20s, .outcome = Outcome::retry});
        return counts;
    }

    /// Writes counts of one subscription, and of all.
    void count(SubscriptionId id, Time start, const DeliveryCounts& counts) {
        write({.rollups = {{.subscription = id, .bucket = {.start = start, .counts = counts}},
                           {.bucket = {.start = start, .counts = counts}}}});
    }

    Result<SeriesRows> read(const Principal& caller, const SeriesScope& scope,
                            std::chrono::seconds step = rollup_width,
                            std::chrono::hours length = 24h) {
        return storage->series(caller, scope, {.from = begin, .to = begin + length, .step = step});
    }
    std::vector<SeriesBucket> buckets(const Principal& caller, const SeriesScope& scope,
                                      std::chrono::seconds step = rollup_width,
                                      std::chrono::hours length = 24h) {
        return read(caller, scope, step, length).value().buckets;
    }

    bool is_unsupported() { return read(admin, {}).error() == Errc::unsupported; }

    void maintain() {
        while (storage->maintain({.limit = 10}).value()) {
        }
    }
};

// A storage without counts returns `unsupported`, and still fulfils the contract.
#define SERIES_TEST(name) WEBHOOKS_CONTRACT_TEST(StorageUnderTest, SeriesFixture, name)

SERIES_TEST("counts add up by bucket, subscription and worker") {
    if (this->is_unsupported()) return;
    DeliveryCounts all;
    for (const Outcome outcome : {Outcome::delivered, Outcome::retry, Outcome::exhausted,
                                  Outcome::cancelled, Outcome::expired}) {
        for (const std::optional<int> status :
             {std::optional(201), std::optional(302), std::optional(404), std::optional(599), {}}) {
            for (const auto duration : DeliveryCounts::latency_bounds)
                all.add({.duration = duration + 1us, .status_code = status, .outcome = outcome});
        }
    }
    all.filtered = 5;
    all.unjudged = 2;
    this->count(this->mine, this->begin, all);
    this->count(this->mine, this->begin, this->counts(1, 2));
    this->count(this->mine, this->begin + this->width, this->counts(3));
    this->count(this->second, this->begin, this->counts(4));
    this->replace_worker();
    this->count(this->mine, this->begin, this->counts(5));
    DeliveryCounts sum = all;
    (sum += this->counts(1, 2)) += this->counts(5);
    CHECK(this->buckets(alice, {.subscription = this->mine}) ==
          std::vector<SeriesBucket>{{this->begin, sum},
                                    {this->begin + this->width, this->counts(3)}});
    DeliveryCounts hour = sum;
    hour += this->counts(3);
    CHECK(this->buckets(alice, {.subscription = this->mine}, 1h) ==
          std::vector<SeriesBucket>{{this->begin, hour}});
    CHECK(this->buckets(alice, {.subscription = this->second}, 1h) ==
          std::vector<SeriesBucket>{{this->begin, this->counts(4)}});
}

SERIES_TEST("statistics say what was filtered within a day") {
    if (this->is_unsupported()) return;
    DeliveryCounts counts;
    counts.filtered = 3;
    counts.unjudged = 1;
    const auto statistics = [&] {
        return this->storage->statistics(alice, this->mine, {}).value();
    };
    CHECK(statistics().filtered == 0);
    this->count(this->mine, this->clock->now() - 1min, counts);
    this->count(this->mine, this->clock->now() - 23h, counts);
    this->count(this->mine, this->clock->now() - 25h, counts);
    this->count(this->second, this->clock->now(), counts);
    CHECK(statistics().filtered == 6);
    CHECK(statistics().unjudged == 2);
}

SERIES_TEST("a caller reads the counts of what it may see") {
    if (this->is_unsupported()) return;
    this->count(this->mine, this->begin, this->counts(1));
    this->count(this->second, this->begin, this->counts(2));
    this->count(this->of_bob, this->begin, this->counts(4));
    const auto delivered = [&](const Principal& caller, const SeriesScope& scope) {
        const std::vector<SeriesBucket> found = this->buckets(caller, scope);
        return found.empty() ? 0 : found.front().counts.delivered;
    };
    CHECK(delivered(alice, {}) == 3);
    CHECK(delivered(bob, {}) == 4);
    CHECK(delivered(admin, {}) == 7);
    CHECK(delivered(admin, {.user_id = "alice"}) == 3);
    CHECK(delivered(admin, {.user_id = "carol"}) == 0);
    CHECK(this->read(bob, {.subscription = this->mine}).error() == Errc::not_found);
    this->storage->delete_subscription(alice, this->second).value();
    CHECK(delivered(alice, {}) == 1);
    CHECK(delivered(admin, {}) == 7);
}

SERIES_TEST("only the range is read, and it says since when there are counts") {
    if (this->is_unsupported()) return;
    for (int hour = -1; hour <= 24; ++hour)
        this->count(this->mine, this->begin + hour * 1h, this->counts(1));
    const SeriesRows rows = this->read(alice, {.subscription = this->mine}, 1h).value();
    REQUIRE(rows.buckets.size() == 24);
    CHECK(rows.buckets.front().start == this->begin);
    CHECK(rows.buckets.back().start == this->begin + 23h);
    CHECK(rows.counted_since <= this->clock->now());
}

SERIES_TEST("old counts are merged into longer buckets, then deleted, and lose nothing before") {
    if (this->is_unsupported()) return;
    for (int i = 0; i < 24 * 12; i += 5)
        this->count(this->mine, this->begin + i * this->width, this->counts(1, 1));
    const std::vector<SeriesBucket> hours = this->buckets(alice, {.subscription = this->mine}, 1h);
    const std::vector<SeriesBucket> days = this->buckets(alice, {.subscription = this->mine}, 24h);
    const auto rows = [&] { return this->buckets(alice, {.subscription = this->mine}).size(); };
    REQUIRE(rows() == 58);
    const auto age = [&](Time::duration passed) {
        this->clock->advance(this->begin + passed - this->clock->now());
        this->maintain();
    };
    age(keep_five_minutes_for);
    CHECK(rows() == 58);
    age(keep_five_minutes_for + 24h);
    CHECK(rows() == 24);
    CHECK(this->buckets(alice, {.subscription = this->mine}, 1h) == hours);
    CHECK(this->buckets(admin, {}, 1h) == hours);
    age(keep_hours_for + 24h);
    CHECK(rows() == 1);
    CHECK(this->buckets(alice, {.subscription = this->mine}, 24h) == days);
    // A worker whose storage was away for long may still add to them.
    this->count(this->mine, this->begin, this->counts(1));
    this->maintain();
    CHECK(this->buckets(alice, {.subscription = this->mine}, 24h).front().counts.delivered ==
          days.front().counts.delivered + 1);
    age(keep_days_for + 1us);
    CHECK(rows() == 0);
}

SERIES_TEST("the counts of a subscription go with it") {
    if (this->is_unsupported()) return;
    this->count(this->mine, this->begin, this->counts(1));
    this->storage->delete_subscription(alice, this->mine).value();
    this->clock->advance(25h);
    this->maintain();
    CHECK(this->read(admin, {.subscription = this->mine}).error() == Errc::not_found);
    CHECK(this->buckets(admin, {.user_id = "alice"}).empty());
}

SERIES_TEST("counts for a principal that is limited to one subscription are of that one") {
    if (this->is_unsupported()) return;
    this->count(this->mine, this->begin, this->counts(2));
    this->count(this->second, this->begin, this->counts(5));
    const Principal narrowed = alice.narrowed_to(this->mine);
    const SeriesScope of_user{.user_id = "alice"};
    for (const SeriesScope& scope :
         {SeriesScope{}, of_user, SeriesScope{.subscription = this->mine}})
        CHECK(this->buckets(narrowed, scope).at(0).counts.delivered == 2);
    CHECK(this->buckets(alice, {}).at(0).counts.delivered == 7);
    CHECK(this->read(narrowed, {.subscription = this->second}).error() == Errc::not_found);
    CHECK(this->buckets(narrowed.narrowed_to(this->of_bob), {}).empty());
}

#undef SERIES_TEST

}  // namespace
}  // namespace webhooks::testing::storage_contract
