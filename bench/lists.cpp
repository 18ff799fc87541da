/// Shows that what a user asks of the event log costs the same however long the log is: a page, a
/// total and two counts of a subscription with 5,000 events, in a short log and in a long one, on
/// SQLite. Prints the median times and their ratio.
///
/// usage: webhooks-bench-lists [EVENTS_OF_SHORT_LOG [EVENTS_OF_LONG_LOG]]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>
#include <webhooks/webhooks.hpp>

namespace {

using namespace webhooks;

constexpr std::int64_t watched_events = 5000;
constexpr std::size_t batch_size = 2000;
constexpr int rounds = 31;

const Principal admin = Principal::administrator("bench");

/// A log in which every n-th event is of the watched subscription, the rest of another one.
class Log {
public:
    Log(const std::string& path, std::int64_t events)
        : storage_(make_sqlite_storage({.path = path}).value()),
          worker_(storage_->register_worker(std::chrono::hours(1)).value()),
          others_(subscribe()),
          watched(subscribe()) {
        message_ = std::make_shared<Message>(
            Message{.event_type = "bench",
                    .content_type = "application/json",
                    .payload = std::make_shared<const std::string>(512, 'x')});
        const std::int64_t stride = std::max<std::int64_t>(events / watched_events, 1);
        const Revision revision = storage_->pulse(worker_.id).value().revision;
        for (std::int64_t at = 0; at < events; at += batch_size) {
            fill(at, std::min<std::int64_t>(events, at + batch_size), stride, revision);
        }
    }

    std::chrono::microseconds time(const ListQuery& query) const {
        std::vector<std::chrono::microseconds> times;
        for (int round = 0; round < rounds; ++round) {
            const auto start = std::chrono::steady_clock::now();
            storage_->list_events(admin, watched, query).value();
            times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
                std::chrono::steady_clock::now() - start));
        }
        std::ranges::sort(times);
        return times[rounds / 2];
    }

private:
    SubscriptionId subscribe() {
        return storage_->insert_subscription({.name = "bench", .user_id = "bench"}).value().id;
    }

    void fill(std::int64_t from, std::int64_t to, std::int64_t stride, Revision revision) {
        Batch batch{.matched_at = revision};
        for (std::int64_t at = from; at < to; ++at) {
            const bool is_watched = at % stride == 0 && at / stride < watched_events;
            batch.appends.push_back(
                {.message = message_, .subscriptions = {is_watched ? watched : others_}});
        }
        Batch results;
        const BatchReceipt receipt = storage_->write(worker_.id, batch).value();
        for (std::size_t i = 0; i < receipt.appends.size(); ++i) {
            const EventId event = receipt.appends[i]->first_event;
            const bool is_success = event.value % 10 != 0;
            results.attempts.push_back(
                {.event = event,
                 .subscription = batch.appends[i].subscriptions.front(),
                 .attempt = {.number = 1,
                             .sent_at = Time(std::chrono::microseconds(event.value)),
                             .status_code = is_success ? 200 : 500,
                             .response = "",
                             .outcome = is_success ? Outcome::delivered : Outcome::exhausted}});
            results.low_water = event;
        }
        storage_->write(worker_.id, results).value();
    }

    std::shared_ptr<Storage> storage_;
    Worker worker_;
    SubscriptionId others_;
    std::shared_ptr<const Message> message_;

public:
    SubscriptionId watched;
};

ListQuery asking(const char* filter, std::uint32_t take) {
    ListQuery query = ListQuery::parse({.filter = filter}, ListKind::events).value();
    query.take = take;
    return query;
}

}  // namespace

int main(int argc, char** argv) {
    const std::int64_t sizes[] = {argc > 1 ? std::strtoll(argv[1], nullptr, 10) : 10'000,
                                  argc > 2 ? std::strtoll(argv[2], nullptr, 10) : 5'000'000};
    std::string folder = std::filesystem::temp_directory_path() / "webhooks-bench-XXXXXX";
    if (!::mkdtemp(folder.data())) return 1;
    struct Question {
        const char* name;
        ListQuery query;
        bool is_in_the_middle = false;
    };
    const Question questions[] = {
        {"page of 100, with the total", {}},
        {"page of 100 in the middle, by after", {}, true},
        {"count by isSuccess", asking("isSuccess eq false", 0)},
        {"count by a range of createdAt",
         asking("createdAt ge 2020-01-01 and createdAt lt 2100-01-01", 0)},
    };
    {
        const Log brief(folder + "/brief.db", sizes[0]);
        const Log grown(folder + "/grown.db", sizes[1]);
        std::printf("%-38s %10s %10s %7s\n", "median of 31", "brief us", "grown us", "ratio");
        for (auto [name, query, is_in_the_middle] : questions) {
            if (is_in_the_middle) query.after = sizes[0] / 2;
            const auto in_brief = brief.time(query).count();
            if (is_in_the_middle) query.after = sizes[1] / 2;
            const auto in_grown = grown.time(query).count();
            const double ratio = static_cast<double>(in_grown) / static_cast<double>(in_brief);
            std::printf("%-38s %10lld %10lld %7.2f\n", name, static_cast<long long>(in_brief),
                        static_cast<long long>(in_grown), ratio);
        }
    }
    std::filesystem::remove_all(folder);
    return 0;
}
