#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <host.hpp>
#include <sink.hpp>
#include <stdexcept>
#include <thread>
#include <webhooks/asio.hpp>

namespace bench {

namespace asio = boost::asio;
using namespace webhooks;

/// Counts deliveries, and wakes a thread that waits for a number of them.
class Host::Counts final : public Observer {
public:
    void on_published(std::size_t events) noexcept override {
        published_ += static_cast<std::int64_t>(events);
    }
    void on_attempt(const AttemptReport& report) noexcept override {
        if (report.outcome != Outcome::delivered) {
            if (!expects_failures) failed.store(true, std::memory_order_relaxed);
            return;
        }
        const std::int64_t now = delivered_.fetch_add(1) + 1;
        if (now != wanted_.load()) return;
        const std::lock_guard lock(mutex_);
        changed_.notify_all();
    }
    void on_log(LogLevel level, std::string_view line) noexcept override {
        if (level < LogLevel::warning) return;
        std::fprintf(stderr, "  %.*s\n", static_cast<int>(line.size()), line.data());
    }

    std::int64_t published() const noexcept { return published_.load(); }
    std::int64_t delivered() const noexcept { return delivered_.load(); }

    bool wait_for(std::int64_t wanted, std::chrono::seconds limit) {
        std::unique_lock lock(mutex_);
        wanted_ = wanted;
        return changed_.wait_for(lock, limit, [&] { return delivered_.load() >= wanted; });
    }

    std::atomic<bool> failed{false};
    std::atomic<bool> expects_failures{false};

private:
    std::atomic<std::int64_t> published_{0};
    std::atomic<std::int64_t> delivered_{0};
    std::atomic<std::int64_t> wanted_{-1};
    std::mutex mutex_;
    std::condition_variable changed_;
};

ServiceOptions allowing_loopback(ServiceOptions options) {
    options.endpoints.allowed_networks = {Network::parse("127.0.0.0/8").value()};
    return options;
}

Host::Host(std::shared_ptr<Storage> storage, const LogShape& shape, ServiceOptions options,
           const HttpTransportOptions& transport)
    : shape_(shape),
      counts_(std::make_shared<Counts>()),
      service_(WebhookService::open({.storage = std::move(storage),
                                     .transport = make_http_transport(transport).value(),
                                     .observer = counts_},
                                    allowing_loopback(std::move(options)))
                   .value()) {
    service_.start().value();
}

std::int64_t Host::delivered() const noexcept {
    return counts_->delivered();
}

void Host::check() const {
    if (counts_->failed) throw std::runtime_error("a publication or a delivery failed");
}

void Host::redirect_first_user(const std::string& url) {
    const auto first = Principal::user(user_name(0));
    for (const Subscription& each : service_.subscriptions(first, {}).value().items) {
        service_.update_subscription(first, each.id, {.url = url}).value();
    }
    has_dead_user_ = counts_->expects_failures = true;
}

Publication Host::next_publication(std::string text) {
    const std::string user = user_name(next_user_);
    const bool is_dead = has_dead_user_ && next_user_ == 0;
    if (++next_user_ == shape_.subscriptions / shape_.per_user) next_user_ = 0;
    if (!is_dead) published_ += shape_.per_user;
    return {.event_type = event_type,
            .payload = std::move(text),
            .user_id = user,
            .ordering_key = shape_.are_ordered ? "order-" + user : std::string()};
}

void Host::publish(std::string text) {
    service_.async_publish(administrator(), next_publication(std::move(text)),
                           [counts = counts_.get()](const Result<PublishReceipt>& receipt) {
                               if (!receipt) counts->failed = true;
                           });
}

void Host::wait_until_delivered(std::int64_t events) {
    if (!counts_->wait_for(events, std::chrono::seconds(60))) {
        throw std::runtime_error("not delivered within a minute");
    }
    check();
}

void Host::wait_for_all() {
    wait_until_delivered(counts_->published());
}

/// Sleeps until half of the window is free, so that it is seldom woken.
void Host::make_room(std::int64_t window) {
    if (published_ - counts_->delivered() < window) return;
    if (!counts_->wait_for(published_ - window / 2, std::chrono::seconds(60))) {
        throw std::runtime_error("nothing is delivered");
    }
    check();
}

std::int64_t Host::deliver_for(std::chrono::milliseconds duration, std::int64_t window) {
    const std::int64_t before = published_;
    const auto end = std::chrono::steady_clock::now() + duration;
    do {
        make_room(window);
        publish(payload());
    } while (std::chrono::steady_clock::now() < end);
    wait_until_delivered(published_);
    return published_ - before;
}

void Host::warm_up(int publications) {
    for (int i = 0; i < publications; ++i) {
        make_room(1000);
        publish(payload());
    }
    wait_until_delivered(published_);
}

std::vector<std::chrono::microseconds> Host::publish_for(std::chrono::milliseconds duration,
                                                         int threads) {
    std::vector<std::chrono::microseconds> times;
    std::mutex mutex;
    const auto end = std::chrono::steady_clock::now() + duration;
    const auto publish_until_end = [&] {
        std::vector<std::chrono::microseconds> own;
        for (auto now = std::chrono::steady_clock::now(); now < end;) {
            std::unique_lock lock(mutex);
            Publication publication = next_publication(payload());
            lock.unlock();
            if (!service_.publish(administrator(), std::move(publication))) {
                counts_->failed = true;
                return;
            }
            const auto after = std::chrono::steady_clock::now();
            own.push_back(std::chrono::duration_cast<std::chrono::microseconds>(after - now));
            now = after;
        }
        const std::lock_guard lock(mutex);
        times.insert(times.end(), own.begin(), own.end());
    };
    {
        std::vector<std::jthread> publishers;
        publishers.reserve(static_cast<std::size_t>(threads));
        for (int i = 0; i < threads; ++i)
            publishers.emplace_back(publish_until_end);
    }
    check();
    std::ranges::sort(times);
    return times;
}

std::vector<std::chrono::microseconds> Host::publish_from_coroutines_for(
    std::chrono::milliseconds duration, int coroutines) {
    std::vector<std::chrono::microseconds> times;
    const auto end = std::chrono::steady_clock::now() + duration;
    const auto publish_until_end = [&]() -> asio::awaitable<void> {
        for (auto now = std::chrono::steady_clock::now(); now < end;) {
            if (!co_await async_publish(service_, administrator(), next_publication(payload()),
                                        asio::use_awaitable)) {
                counts_->failed = true;
                co_return;
            }
            const auto after = std::chrono::steady_clock::now();
            times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(after - now));
            now = after;
        }
    };
    context_.restart();
    for (int i = 0; i < coroutines; ++i)
        asio::co_spawn(context_, publish_until_end, asio::detached);
    context_.run();
    check();
    std::ranges::sort(times);
    return times;
}

std::vector<std::chrono::microseconds> Host::publish_batches_for(
    std::chrono::milliseconds duration) {
    std::vector<std::chrono::microseconds> times;
    const auto end = std::chrono::steady_clock::now() + duration;
    for (auto now = std::chrono::steady_clock::now(); now < end;) {
        std::vector<Publication> batch;
        batch.reserve(max_publications_in_batch);
        while (batch.size() < max_publications_in_batch)
            batch.push_back(next_publication(payload()));
        if (!service_.publish_batch(administrator(), std::move(batch))) {
            counts_->failed = true;
            break;
        }
        const auto after = std::chrono::steady_clock::now();
        times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(after - now));
        now = after;
    }
    check();
    std::ranges::sort(times);
    return times;
}

std::vector<std::chrono::microseconds> Host::publish_until_delivered(
    std::int64_t events, std::chrono::milliseconds pause) {
    std::vector<std::chrono::microseconds> times;
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(5);
    while (counts_->delivered() < events) {
        const auto before = std::chrono::steady_clock::now();
        if (before > limit) throw std::runtime_error("not delivered within five minutes");
        if (!service_.publish(administrator(), next_publication(payload()))) counts_->failed = true;
        times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
            std::chrono::steady_clock::now() - before));
        check();
        std::this_thread::sleep_for(pause);
    }
    std::ranges::sort(times);
    return times;
}

std::int64_t Host::deliver_evenly(double rate, std::chrono::milliseconds duration) {
    const std::int64_t before = published_;
    const auto start = std::chrono::steady_clock::now();
    const auto total =
        static_cast<std::int64_t>(rate * std::chrono::duration<double>(duration).count());
    for (std::int64_t i = 0; i < total;) {
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
        const auto due = std::min(total, static_cast<std::int64_t>(elapsed.count() * rate) + 1);
        for (; i < due && published_ - counts_->delivered() < 8000; ++i) {
            publish(stamped_payload());
        }
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    wait_until_delivered(published_);
    return published_ - before;
}

void Host::finish() {
    service_.stop(std::chrono::seconds(30)).value();
}

}  // namespace bench
