#pragma once

#include <array>
#include <chrono>
#include <delivery/hostile_server.hpp>
#include <memory>
#include <optional>
#include <string>
#include <support/catch.hpp>
#include <support/postgresql_cluster.hpp>
#include <support/process.hpp>
#include <support/temporary_folder.hpp>
#include <thread>
#include <webhooks/http_transport.hpp>
#include <webhooks/webhooks.hpp>

namespace webhooks::testing {

using namespace std::chrono_literals;

inline const Principal admin = Principal::administrator("admin");

/// Checks repeatedly. @return whether the condition became true in time
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds patience = 20s) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

/// Where a service stores its log.
enum class Place : std::uint8_t { memory, sqlite, postgresql };
#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
inline constexpr std::array places = {Place::memory, Place::sqlite, Place::postgresql};
#else
inline constexpr std::array places = {Place::memory, Place::sqlite};
#endif

/// A service on its own two threads that sends over real sockets, and its receivers.
struct RunningService {
    TemporaryFolder folder;
    HostileServer server;
    std::shared_ptr<Storage> storage = make_memory_storage();
    HttpTransportOptions transport{
        .attempt_timeout = 1s, .connect_timeout = 500ms, .keep_alive = 500ms};
    ServiceOptions options{
        .retry_schedule = {1s},
        .retry_jitter = 0,
        .endpoints = {.allowed_networks = {Network::parse("127.0.0.0/8").value()}}};
    std::optional<WebhookService> running;

    RunningService() { allow_many_descriptors(); }

    WebhookService& service() { return *running; }

    /// @pre `start` was not called; at most once
    void keep_in(Place place) {
        if (place == Place::sqlite) {
            storage = make_sqlite_storage({.path = folder.file("hooks.db")}).value();
        }
#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
        if (place == Place::postgresql) {
            static int schemas = 0;
            const PostgresqlOptions database{.connection = Secret(postgresql_cluster().uri()),
                                             .schema = "delivery_" + std::to_string(++schemas)};
            migrate_postgresql(database).value();
            storage = make_postgresql_storage(database).value();
        }
#endif
    }

    void start() {
        running.emplace(
            WebhookService::open(
                {.storage = storage, .transport = make_http_transport(transport).value()}, options)
                .value());
        service().start().value();
    }

    /// Each subscription of these tests has its own event type, or shares one with similar ones.
    Subscription subscribe(const std::string& event_type, HostileServer::Port port,
                           const std::string& host = "127.0.0.1", const Principal& owner = admin) {
        service().register_event_type({.name = event_type, .description = ""}).value();
        return service()
            .create_subscription(owner,
                                 {.name = host,
                                  .event_type = event_type,
                                  .url = "http://" + host + ":" + std::to_string(port) + "/hook"})
            .value();
    }

    PublishReceipt publish(const std::string& event_type, const std::string& payload = "{}") {
        return service().publish(admin, {.event_type = event_type, .payload = payload}).value();
    }
};

}  // namespace webhooks::testing
