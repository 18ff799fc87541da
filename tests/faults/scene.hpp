#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <kill/audit.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <support/catch.hpp>
#include <support/network_namespace.hpp>
#include <support/postgresql_cluster.hpp>
#include <support/tcp_proxy.hpp>
#include <thread>
#include <vector>
#include <webhooks/forwarding_storage.hpp>
#include <webhooks/webhooks.hpp>

namespace webhooks::testing {

using namespace std::chrono_literals;

inline const Principal host = Principal::administrator("host");

/// Checks repeatedly. @return whether the condition became true in time
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds timeout = 20s) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

/// Executes a statement as the database's administrator. @return its first value
std::string administer(const std::string& statement);

/// Counts a worker's calls to storage.
class CountingStorage final : public ForwardingStorage {
public:
    using ForwardingStorage::ForwardingStorage;

    Result<Heartbeat> heartbeat(WorkerId self) override {
        ++calls;
        ++heartbeats;
        return ForwardingStorage::heartbeat(self);
    }
    Result<BatchReceipt> write(WorkerId self, const Batch& batch) override {
        ++calls;
        return ForwardingStorage::write(self, batch);
    }
    Result<Claim> claim(WorkerId self, ClaimLimit limit, std::int64_t number) override {
        ++calls;
        return ForwardingStorage::claim(self, limit, number);
    }

    std::atomic<int> calls{0};
    std::atomic<int> heartbeats{0};
};

class CountingObserver final : public Observer {
public:
    void on_log(LogLevel, std::string_view line) noexcept override;
    void on_fenced(std::size_t results) noexcept override {
        ++lives;
        fenced += results;
    }

    std::atomic<int> lines{0};
    std::atomic<int> lives{0};
    std::atomic<std::size_t> fenced{0};
};

/// One of several running services on the same database.
class Member {
public:
    struct Options {
        int number = 0;  ///< Its requests say so.
        PostgresqlOptions storage;
        std::shared_ptr<Clock> clock = {};
        std::chrono::milliseconds lease = 10s;
    };
    explicit Member(const Options& options);

    WebhookService& service() { return *service_; }
    CountingStorage& storage() { return *storage_; }
    CountingObserver& observer() { return *observer_; }

private:
    std::shared_ptr<CountingStorage> storage_;
    std::shared_ptr<CountingObserver> observer_ = std::make_shared<CountingObserver>();
    std::optional<WebhookService> service_;
};

/// Two services on one database, each behind a network that can fail, publishers that load both,
/// and a receiver. Publications are numbered across all publishers.
class FaultScene {
public:
    struct Options {
        std::chrono::milliseconds lease = 10s;
        std::vector<std::shared_ptr<Clock>> clocks = {nullptr, nullptr};
        /// The network of the last service, if it is not this one; its first link leads to the
        /// database.
        const NetworkNamespace* elsewhere = nullptr;
    };
    explicit FaultScene(const Options& options);
    FaultScene() : FaultScene(Options{}) {}
    ~FaultScene();

    /// From each service to the database.
    std::vector<std::unique_ptr<TcpProxy>>& networks() { return networks_; }
    /// The number of hits, as configured by `TcpProxy::on_text`.
    int struck() const;
    Member& member(std::size_t number) { return *members_[number]; }
    const std::string& schema() const { return schema_; }
    PostgresqlOptions direct() const;
    /// How a service connects.
    PostgresqlOptions through(std::size_t network, const std::string& address = "127.0.0.1") const;

    /// Starts publishers, which continue until `finish`. Returns when everything works.
    void load();
    /// Waits until both services have published and delivered again, within 5 s.
    void check_resumes();
    /// Waits until a publication was rejected or lost its result, on each member or the given one.
    void await_failures(std::optional<std::size_t> member = {});
    /// Starts to count each service's storage calls, connections and log lines.
    void watch_calls();
    /// Waits until each service has called storage several times since then, and checks that there
    /// were as few calls, connections and lines as for a service that pauses after failures.
    void check_calls();
    /// Waits until each service has sent this many more heartbeats.
    void await_heartbeats(int count);
    /// Waits until each service has connected to the database again.
    /// @param before how many connections each one had made: `connections`.
    void await_connections(const std::vector<int>& before);
    std::vector<int> connections() const;

    /// Stops publishing, waits until everything is delivered, ends the services, and checks
    /// everything.
    /// @return what the logs say
    Findings finish();

    std::size_t acknowledged() const;
    std::size_t failed() const;
    std::chrono::milliseconds longest_publication() const { return longest_; }

private:
    void publish_until_stopped(std::size_t member);
    void start_member(const Options& options, const std::string& address);
    void stop_publishing();
    void publish_one(std::size_t member, int number);
    std::vector<std::size_t> successes() const;

    static inline int scenes_ = 0;
    const std::string schema_ = "faults_" + std::to_string(++scenes_);
    RequestLog receiver_;
    std::vector<std::unique_ptr<TcpProxy>> networks_;
    std::unique_ptr<TcpProxy> way_to_receiver_;
    std::vector<std::unique_ptr<Member>> members_;

    mutable std::mutex mutex_;
    Published published_;
    std::vector<std::size_t> successes_;  ///< By member.
    std::vector<std::size_t> failures_;
    std::string unexpected_;  ///< A failure other than storage's.
    std::chrono::milliseconds longest_{0};
    std::atomic<int> next_{0};
    std::atomic<bool> is_stopping_{false};
    std::vector<std::thread> publishers_;

    std::chrono::steady_clock::time_point watched_since_{};
    std::vector<int> calls_before_;
    std::vector<int> lines_before_;
    std::vector<int> connections_before_;
};

}  // namespace webhooks::testing
