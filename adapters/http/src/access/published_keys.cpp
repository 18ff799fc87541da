#include "published_keys.hpp"

#include <algorithm>
#include <exception>

#include "../process.hpp"
#include "jwks.hpp"

namespace webhooks::http {
namespace {

using namespace std::chrono_literals;

constexpr auto read_interval = 10min;
/// At least this long between two requests.
constexpr auto min_interval = 30s;
constexpr auto max_age = 24h;
/// How often the thread looks at the clock, which may be a host's.
constexpr auto look_interval = 5s;

}  // namespace

Result<JwtKeySet> PublishedKeys::current() {
    const std::scoped_lock lock(mutex_);
    if (keys_ && clock_->steady_now() - read_at_ < max_age) return keys_;
    return Error(Errc::unavailable, "the keys that verify tokens could not be read from " + url_);
}

bool PublishedKeys::look_for_new() {
    const std::scoped_lock lock(mutex_);
    const SteadyTime now = clock_->steady_now();
    if (tried_at_ && now - *tried_at_ < min_interval) return false;
    due_ = std::min(due_, now);
    changed_.notify_all();
    return true;
}

bool PublishedKeys::read_if_due() {
    {
        const std::scoped_lock lock(mutex_);
        if (clock_->steady_now() < due_) return false;
    }
    keep(read());
    return true;
}

/// The fetcher is the host's, which may throw despite its contract.
Result<JwtKeySet> PublishedKeys::read() const {
    try {
        const Result<std::string> text = fetcher_->fetch(url_);
        if (!text) return text.error();
        Result<std::vector<JwtVerifier>> keys = read_jwks(*text, KeySetOrigin::published);
        if (!keys) return keys.error();
        if (Result<> verdict = check_names(*keys); !verdict) return verdict.error();
        return JwtKeySet(std::make_shared<const std::vector<JwtVerifier>>(*std::move(keys)));
    } catch (const std::exception& error) {
        return Error(Errc::internal, error.what());
    } catch (...) {
        return Error(Errc::internal, "an exception");
    }
}

void PublishedKeys::keep(Result<JwtKeySet> found) {
    bool is_news = false;
    {
        const std::scoped_lock lock(mutex_);
        const SteadyTime now = clock_->steady_now();
        tried_at_ = now;
        due_ = now + (found ? std::chrono::seconds(read_interval) : min_interval);
        if (found) {
            keys_ = *found;
            read_at_ = now;
        }
        is_news = was_unusable_ == found.has_value();
        was_unusable_ = !found;
    }
    if (!is_news) return;
    if (found) {
        return observer_->on_record({.level = LogLevel::info,
                                     .event = LogEvent::jwks_reloaded,
                                     .message = "the keys that verify tokens can be read again"});
    }
    const std::string line =
        "the keys that verify tokens cannot be read from " + url_ +
        "; the previous ones are valid for up to 24 hours: " + found.error().detail();
    observer_->on_record(
        {.level = LogLevel::warning, .event = LogEvent::jwks_unusable, .message = line});
}

void PublishedKeys::run() {
    std::unique_lock lock(mutex_);
    while (!is_stopped_) {
        lock.unlock();
        const bool has_tried = read_if_due();
        lock.lock();
        if (!has_tried && !is_stopped_) changed_.wait_for(lock, look_interval);
    }
}

void PublishedKeys::stop() {
    const std::scoped_lock lock(mutex_);
    is_stopped_ = true;
    changed_.notify_all();
}

ReadingKeys::ReadingKeys(std::unique_ptr<PublishedKeys> keys)
    : keys_(std::move(keys)),
      process_(process_id()),
      thread_(start_server_thread(this, [this] { keys_->run(); })) {}

ReadingKeys::~ReadingKeys() {
    if (process_ != process_id()) {
        // A child process does not have the thread, which may have held the mutex.
        static_cast<void>(keys_.release());
        thread_.detach();
        return;
    }
    keys_->stop();
    thread_.join();
}

}  // namespace webhooks::http
