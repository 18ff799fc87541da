#include <algorithm>
#include <cstdio>
#include <log.hpp>
#include <postgresql.hpp>
#include <sink.hpp>
#include <stdexcept>
#include <webhooks/postgresql_storage.hpp>
#include <webhooks/sqlite_storage.hpp>

namespace bench {
namespace {

using namespace webhooks;

constexpr std::int64_t batch_size = 2000;

std::shared_ptr<Storage> open_sqlite(const std::filesystem::path& path) {
    return make_sqlite_storage({.path = path}).value();
}

PostgresqlOptions postgresql_options(const Bench& bench, const std::string& database) {
    return {.connection = Secret(bench.postgresql->uri(database))};
}

void subscribe(const Bench& bench, Storage& storage, const LogShape& shape) {
    storage.upsert_event_type({event_type, "What is measured"}).value();
    const Secret secret = make_secret().value();
    for (int i = 0; i < shape.subscriptions; ++i) {
        storage
            .insert_subscription(
                {.name = "bench",
                 .event_type = event_type,
                 .url = bench.sink.url(static_cast<std::size_t>(i % shape.endpoints)),
                 .secret = secret,
                 .max_retry_count = 9,
                 .user_id = user_name(i / shape.per_user)})
            .value();
    }
}

/// The sink has another port in each run.
void point_to_sink(const Bench& bench, Storage& storage, const LogShape& shape) {
    const auto subscriptions = storage.configuration(0).value().subscriptions;
    for (std::size_t i = 0; i < subscriptions.size(); ++i) {
        const std::string url = bench.sink.url(i % static_cast<std::size_t>(shape.endpoints));
        if (subscriptions[i].url == url) return;
        storage.update_subscription(administrator(), subscriptions[i].id, {.url = url}).value();
    }
}

void grow(Storage& storage, const LogShape& shape) {
    std::vector<SubscriptionId> ids;
    for (const Subscription& subscription : storage.configuration(0).value().subscriptions) {
        ids.push_back(subscription.id);
    }
    std::ranges::sort(ids);
    const auto message = std::make_shared<const Message>(
        Message{.event_type = event_type,
                .content_type = "application/json",
                .payload = std::make_shared<const std::string>(payload())});
    const std::int64_t stride = std::max<std::int64_t>(shape.events / watched_events, 1);
    const auto subscription_of = [&](std::int64_t event) {
        const bool is_watched = event % stride == 0 && event / stride < watched_events;
        if (is_watched || ids.size() == 1) return ids.front();
        return ids[1 + static_cast<std::size_t>(event) % (ids.size() - 1)];
    };
    const WorkerId worker = storage.register_worker(std::chrono::hours(1)).value().id;
    Pulse pulse = storage.pulse(worker).value();
    for (std::int64_t at = 0; at < shape.events; at += batch_size) {
        Batch batch{.number = ++pulse.last_batch, .matched_at = pulse.revision};
        for (std::int64_t i = at; i < std::min(shape.events, at + batch_size); ++i) {
            batch.appends.push_back({.message = message, .subscriptions = {subscription_of(i)}});
        }
        const BatchReceipt receipt = storage.write(worker, batch).value();
        Batch results{.number = ++pulse.last_batch};
        for (std::size_t i = 0; i < receipt.appends.size(); ++i) {
            results.low_water = receipt.appends[i]->first_event;
            const std::int64_t number = at + static_cast<std::int64_t>(i);
            // One in a hundred failed for good, of each subscription.
            const Outcome outcome = shape.are_due                           ? Outcome::retry
                                    : (number + number / stride) % 100 == 0 ? Outcome::exhausted
                                                                            : Outcome::delivered;
            results.attempts.push_back(
                {.event = results.low_water,
                 .subscription = batch.appends[i].subscriptions.front(),
                 .attempt = {.number = 1,
                             .sent_at = pulse.now,
                             .duration = std::chrono::milliseconds(1),
                             .status_code = outcome == Outcome::delivered ? 200 : 500,
                             .response = "",
                             .outcome = outcome},
                 .due = shape.are_due ? std::optional(pulse.now) : std::nullopt,
                 .tries = 1});
        }
        storage.write(worker, results).value();
    }
    storage.retire_worker(worker).value();
}

bool is_copied(const LogShape& shape) {
    return shape.events == 0 || shape.is_used_up;
}

/// Runs add to a log; past a fifth it is another one.
bool is_outgrown(Storage& storage, const LogShape& shape) {
    const Worker worker = storage.register_worker(std::chrono::seconds(10)).value();
    storage.retire_worker(worker.id).value();
    return worker.last_event.value > shape.events + shape.events / 5;
}

void say_making(const std::string& name, const LogShape& shape) {
    std::fprintf(stderr, "  (making %s: %d subscriptions, %lld events)\n", name.c_str(),
                 shape.subscriptions, static_cast<long long>(shape.events));
}

/// Thousands of subscriptions are thousands of transactions, which need not wait for a disk.
std::filesystem::path place_to_make(const Bench& bench, const LogShape& shape) {
    const std::filesystem::path memory = "/dev/shm";
    std::error_code none;
    if (shape.events > 0 || !std::filesystem::is_directory(memory, none)) {
        return bench.cache / "unfinished.db";
    }
    return memory / ("webhooks-bench-" + std::to_string(bench.sink.process()) + ".db");
}

void remove_database(const std::filesystem::path& file) {
    for (const char* end : {"", "-wal", "-shm", "-lock"}) {
        std::filesystem::remove(file.string() + end);
    }
}

std::shared_ptr<Storage> open_sqlite_log(const Bench& bench, const std::string& name,
                                         const LogShape& shape, bool may_reuse = true) {
    const std::filesystem::path made = bench.cache / (name + ".db");
    if (!may_reuse) remove_database(made);
    if (!std::filesystem::exists(made)) {
        say_making(made.filename(), shape);
        const std::filesystem::path unfinished = place_to_make(bench, shape);
        remove_database(unfinished);
        {
            const auto storage = open_sqlite(unfinished);
            subscribe(bench, *storage, shape);
            grow(*storage, shape);
        }
        std::filesystem::copy_file(unfinished, made.string() + "-new",
                                   std::filesystem::copy_options::overwrite_existing);
        std::filesystem::rename(made.string() + "-new", made);
        remove_database(unfinished);
    }
    if (is_copied(shape)) {
        const std::filesystem::path copy = bench.folder / "copy.db";
        remove_database(copy);
        std::filesystem::copy_file(made, copy);
        return open_sqlite(copy);
    }
    auto storage = open_sqlite(made);
    if (!may_reuse || !is_outgrown(*storage, shape)) return storage;
    storage.reset();
    return open_sqlite_log(bench, name, shape, false);
}

std::shared_ptr<Storage> open_postgresql_log(const Bench& bench, const std::string& name,
                                             const LogShape& shape, bool may_reuse = true) {
    const Postgresql& server = *bench.postgresql;
    const auto open = [&bench](const std::string& database) {
        return make_postgresql_storage(postgresql_options(bench, database)).value();
    };
    if (!may_reuse) server.drop_database(name);
    if (!server.has_database(name)) {
        say_making("database " + name, shape);
        const std::string unfinished = "unfinished";
        server.drop_database(unfinished);
        server.make_database(unfinished);
        migrate_postgresql(postgresql_options(bench, unfinished)).value();
        {
            const auto storage = open(unfinished);
            subscribe(bench, *storage, shape);
            grow(*storage, shape);
        }
        server.query(unfinished, "vacuum analyze");
        server.query(unfinished, "checkpoint");
        server.query("postgres", "alter database unfinished rename to " + name);
    }
    if (is_copied(shape)) {
        server.drop_database("copy");
        server.make_database("copy", name);
        return open("copy");
    }
    auto storage = open(name);
    if (!may_reuse || !is_outgrown(*storage, shape)) return storage;
    storage.reset();
    return open_postgresql_log(bench, name, shape, false);
}

}  // namespace

const Principal& administrator() {
    static const Principal principal = Principal::administrator("bench");
    return principal;
}

std::string user_name(int number) {
    return "user-" + std::to_string(number);
}

std::shared_ptr<Storage> open_log(const Bench& bench, Place place, const LogShape& shape) {
    const std::string name =
        "log_" + short_number(shape.events) + (shape.are_due ? "_due_events_" : "_events_") +
        std::to_string(shape.subscriptions) + "_subscriptions_" + std::to_string(shape.per_user) +
        "_each_" + std::to_string(shape.endpoints) + "_endpoints";
    if (place == Place::memory) {
        auto storage = make_memory_storage();
        subscribe(bench, *storage, shape);
        return storage;
    }
    auto storage = place == Place::sqlite ? open_sqlite_log(bench, name, shape)
                                          : open_postgresql_log(bench, name, shape);
    point_to_sink(bench, *storage, shape);
    return storage;
}

}  // namespace bench
