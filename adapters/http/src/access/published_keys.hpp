#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <webhooks/clock.hpp>
#include <webhooks/document_fetcher.hpp>
#include <webhooks/observer.hpp>

#include "jwt_keys.hpp"

namespace webhooks::http {

/// The keys of a set that is published at a URL. It is read every 10 minutes, and when a token
/// names a key that it lacks, but then, and after an error, at most every 30 s. The last usable set
/// is valid for 24 h. Thread-safe.
class PublishedKeys final : public JwtKeySource {
public:
    PublishedKeys(std::string url, std::shared_ptr<DocumentFetcher> fetcher,
                  std::shared_ptr<Clock> clock, std::shared_ptr<Observer> observer)
        : url_(std::move(url)),
          fetcher_(std::move(fetcher)),
          clock_(std::move(clock)),
          observer_(std::move(observer)),
          due_(clock_->steady_now()) {}

    Result<JwtKeySet> current() override;
    bool look_for_new() override;

    /// Reads the set if it is time to, and waits for it. Called on one thread.
    /// @return whether it tried.
    bool read_if_due();
    /// Reads the set whenever it is time to, until `stop`.
    void run();
    void stop();

private:
    Result<JwtKeySet> read() const;
    void keep(Result<JwtKeySet> found);

    const std::string url_;
    const std::shared_ptr<DocumentFetcher> fetcher_;
    const std::shared_ptr<Clock> clock_;
    const std::shared_ptr<Observer> observer_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_stopped_ = false;
    SteadyTime due_;
    std::optional<SteadyTime> tried_at_;
    SteadyTime read_at_{};  ///< With `keys_`.
    JwtKeySet keys_;        ///< Null before a set was usable.
    bool was_unusable_ = false;
};

/// The same, with a thread that reads.
class ReadingKeys final : public JwtKeySource {
public:
    explicit ReadingKeys(std::unique_ptr<PublishedKeys> keys);
    ReadingKeys(const ReadingKeys&) = delete;
    ReadingKeys& operator=(const ReadingKeys&) = delete;
    /// Waits for a request in flight, which has a time limit.
    ~ReadingKeys() override;

    Result<JwtKeySet> current() override { return keys_->current(); }
    bool look_for_new() override { return keys_->look_for_new(); }

private:
    std::unique_ptr<PublishedKeys> keys_;
    const long process_;
    std::thread thread_;
};

}  // namespace webhooks::http
