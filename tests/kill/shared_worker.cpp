/// @file
/// One of several hosts on the same PostgreSQL database: it publishes its share, delivers what it
/// can, and ends when it is asked to (SIGTERM).
/// usage: webhooks_kill_shared_worker URI FOLDER URL RUN SLOT SLOTS PUBLICATIONS

#include <algorithm>
#include <atomic>
#include <csignal>
#include <iostream>
#include <kill/publisher_log.hpp>
#include <kill/scene.hpp>
#include <latch>
#include <thread>
#include <vector>
#include <webhooks/webhooks.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

const Principal host = Principal::administrator("host");
/// It should take a while, so that failures happen meanwhile.
constexpr std::size_t burst = 20;
constexpr auto pace = 100ms;
/// So that a test that is killed itself leaves no worker behind.
constexpr unsigned longest_life_in_seconds = 300;

/// Logs what was fenced.
class FenceLog final : public Observer {
public:
    FenceLog(const std::string& path, std::string run)
        : file_(path, std::ios::app), run_(std::move(run)) {}

    void on_fenced(std::size_t results) noexcept override {
        file_ << run_ + ' ' + std::to_string(results) + '\n' << std::flush;
    }

private:
    std::ofstream file_;
    const std::string run_;
};

ServiceOptions service_options() {
    return {.retry_schedule = {1s},
            .retry_jitter = 0,
            .breaker_failures = 1000,
            .heartbeat_interval = shared_lease / 5,
            .lease = shared_lease,
            .endpoints = {.allowed_networks = {Network::parse("127.0.0.0/8").value()}}};
}

/// Like a careful publisher: unacknowledged publications are repeated with the same key.
void publish_all(WebhookService& service, const PublisherLog& log, std::vector<int> numbers,
                 const std::atomic<bool>& is_stopping) {
    while (!numbers.empty() && !is_stopping) {
        const std::size_t count = std::min(burst, numbers.size());
        std::latch in_flight(static_cast<std::ptrdiff_t>(count));
        std::vector<std::atomic<bool>> acknowledged(count);
        for (std::size_t i = 0; i < count; ++i) {
            const int number = numbers[i];
            service.async_publish(host,
                                  {.event_type = shared_event_type,
                                   .payload = payload_of(number),
                                   .idempotency_key = "order-" + std::to_string(number),
                                   .ordering_key = shared_ordering_key(number)},
                                  [&, i, number](const Result<PublishReceipt>& receipt) {
                                      if (receipt) log.add(number, *receipt);
                                      acknowledged[i] = receipt.has_value();
                                      in_flight.count_down();
                                  });
        }
        in_flight.wait();
        std::vector<int> left;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            if (i >= count || !acknowledged[i]) left.push_back(numbers[i]);
        }
        numbers = std::move(left);
        std::this_thread::sleep_for(pace);
    }
}

void live(const std::vector<std::string>& given) {
    const std::string& folder = given.at(1);
    const int slot = std::stoi(given.at(4));
    const int slots = std::stoi(given.at(5));
    auto storage = make_postgresql_storage({.connection = Secret(given.at(0))}).value();
    // The receiver's log must show who sent a request.
    auto transport = make_http_transport({.user_agent = "run-" + given.at(3)}).value();
    WebhookService service =
        WebhookService::open(
            {.storage = std::move(storage),
             .transport = std::move(transport),
             .observer = std::make_shared<FenceLog>(folder + "/" + fence_log, given.at(3))},
            service_options())
            .value();
    service.start().value();
    const PublisherLog log(folder + "/" + shared_publisher_log(slot));
    std::vector<int> numbers;
    for (int number = slot; number < std::stoi(given.at(6)); number += slots) {
        if (!log.knows(number)) numbers.push_back(number);
    }
    std::atomic<bool> is_stopping{false};
    std::thread publisher([&] { publish_all(service, log, numbers, is_stopping); });
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    int signal = 0;
    sigwait(&ends, &signal);
    is_stopping = true;
    publisher.join();
    service.stop(5s).value();
}

}  // namespace
}  // namespace webhooks::testing

int main(int count, char** arguments) {
    using namespace webhooks::testing;
    ::alarm(longest_life_in_seconds);
    // Before any thread starts, so that all of them leave it to `sigwait`.
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &ends, nullptr);
    try {
        live({arguments + 1, arguments + count});
    } catch (const std::exception& failure) {
        std::cerr << "webhooks_kill_shared_worker: " << failure.what() << '\n';
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
