/// @file
/// A host that is killed: it publishes what is not acknowledged yet, delivers everything, and ends
/// by itself, unless it dies at a kill point before.
/// usage: webhooks_kill_worker FOLDER STORAGE URL RUN PUBLICATIONS [OPERATION MOMENT PASSING]
/// STORAGE is the URI of a PostgreSQL database, or "sqlite": a file in the folder.

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <kill/deadly_parts.hpp>
#include <kill/publisher_log.hpp>
#include <kill/scene.hpp>
#include <latch>
#include <mutex>
#include <webhooks/webhooks.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

const Principal host = Principal::administrator("host");
constexpr const char* event_type = "order.created";
/// The maximum number of concurrent publications; with three endpoints, nearly what fits in memory.
constexpr std::size_t burst = 6;
/// So that a test that is killed itself leaves no worker behind.
constexpr unsigned longest_life_in_seconds = 20;

/// Wakes the threads that wait for a condition, whenever something was written.
class Progress {
public:
    void note() {
        {
            const std::scoped_lock lock(mutex_);
            ++steps_;
        }
        changed_.notify_all();
    }

    template <class Condition>
    void wait_until(Condition is_true) {
        int seen = -1;
        while (true) {
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [&] { return steps_ != seen; });
                seen = steps_;
            }
            if (is_true()) return;
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int steps_ = 0;
};

bool is_sqlite(const std::string& storage) {
    return storage == "sqlite";
}

ServiceOptions service_options(const std::string& storage) {
    // A file's lock shows at once that a worker is dead; otherwise others wait until the lease
    // expires.
    const std::chrono::milliseconds lease = is_sqlite(storage) ? 10s : 1s;
    return {.retry_schedule = {1s},
            .retry_jitter = 0,
            .breaker_failures = 1000,
            .failing_notice_after = 1s,
            // So that they can be counted, whatever the duration is.
            .exhausted_notice_window = 0s,
            // Small limits and short times, so that events wait in storage in every possible way.
            .max_events_in_memory = 20,
            .persist_after = 100ms,
            .heartbeat_interval = lease / 5,
            .lease = lease,
            .endpoints = {.allowed_networks = {Network::parse("127.0.0.0/8").value()}}};
}

std::shared_ptr<Storage> open_storage(const std::string& folder, const std::string& storage) {
    pass("open", "before");
    const Operation operation("open");
    if (is_sqlite(storage)) {
        return make_sqlite_storage({.path = folder + "/" + database}).value();
    }
    const PostgresqlOptions options{.connection = Secret(storage)};
    migrate_postgresql(options).value();
    return make_postgresql_storage(options).value();
}

void subscribe(WebhookService& service, const std::string& url) {
    service.register_event_type({.name = event_type, .description = "An order"}).value();
    const std::vector<Subscription> there = service.subscriptions(host).value().items;
    for (const char* name : {listener, steady, flaky, broken, reader}) {
        // An earlier run may have created it.
        if (std::ranges::find(there, name, &Subscription::name) != there.end()) continue;
        SubscriptionDraft draft{
            .name = name, .event_type = event_type, .url = url + name, .secret = Secret(secret)};
        if (draft.name == broken) draft.max_retry_count = 1;
        if (draft.name == listener) {
            draft.event_type = "webhook.*";
            draft.operator_scope = true;
        }
        if (draft.name == reader) {
            draft.delivery = Delivery::pull;
            draft.url.clear();
        }
        service.create_subscription(host, draft).value();
    }
}

/// Like a careful publisher: unacknowledged publications are repeated with the same key.
void publish(WebhookService& service, const PublisherLog& log, int publications) {
    std::vector<int> numbers;
    for (int number = 0; number < publications; ++number) {
        if (!log.knows(number)) numbers.push_back(number);
    }
    for (std::size_t first = 0; first < numbers.size(); first += burst) {
        const std::size_t end = std::min(first + burst, numbers.size());
        std::latch in_flight(static_cast<std::ptrdiff_t>(end - first));
        for (std::size_t i = first; i < end; ++i) {
            const int number = numbers[i];
            service.async_publish(host,
                                  {.event_type = event_type,
                                   .payload = payload_of(number),
                                   .idempotency_key = "order-" + std::to_string(number)},
                                  [&, number](const Result<PublishReceipt>& receipt) {
                                      if (receipt) log.add(number, *receipt);
                                      in_flight.count_down();
                                  });
        }
        in_flight.wait();
    }
}

/// One query, because an operational event is written together with the end that it tells of.
bool is_all_done(const WebhookService& service) {
    const ListQuery undone{.filter = field("nextRetryAt") != nullptr ||
                                     (field("sentAt") == nullptr && field("isSuccess") == false),
                           .take = 0};
    return service.all_events(host, undone).value().total == 0;
}

void live(const std::string& folder, const std::string& place, const std::string& url,
          const std::string& run, int publications) {
    Progress progress;
    auto storage = std::make_shared<DeadlyStorage>(open_storage(folder, place),
                                                   [&progress] { progress.note(); });
    // The receiver's log must show who sent a request.
    auto transport = std::make_shared<DeadlyTransport>(
        make_http_transport({.user_agent = "run-" + run}).value());
    WebhookService service =
        WebhookService::open({.storage = std::move(storage), .transport = std::move(transport)},
                             service_options(place))
            .value();
    subscribe(service, url);
    service.start().value();
    publish(service, PublisherLog(folder + "/" + publisher_log), publications);
    progress.wait_until([&] { return is_all_done(service); });
    service.stop(5s).value();
}

}  // namespace
}  // namespace webhooks::testing

int main(int count, char** arguments) {
    using namespace webhooks::testing;
    ::alarm(longest_life_in_seconds);
    const std::vector<std::string> given(arguments + 1, arguments + count);
    try {
        if (given.size() == 8) die_at(given[5], given[6], std::stoi(given[7]));
        live(given.at(0), given.at(1), given.at(2), given.at(3), std::stoi(given.at(4)));
    } catch (const std::exception& failure) {
        std::cerr << "webhooks_kill_worker: " << failure.what() << '\n';
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
