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
            results.attempts.push_back({.event = results.low_water,
                                        .subscription = batch.appends[i].subscriptions.front(),
                                        .attempt = {.number = 1,
                                                    .sent_at = pulse.now,
                                                    .duration = std::chrono::milliseconds(1),
                                                    .status_code = 200,
                                                    .response = "",
                                                    .outcome = Outcome::delivered}});
        }
        storage.write(worker, results).value();
    }
    storage.retire_worker(worker).value();
}

/// Runs add to a log; past a fifth it is another one.
bool is_outgrown(Storage& storage, const LogShape& shape) {
    const Worker worker = storage.register_worker(std::chrono::seconds(10)).value();
    storage.retire_worker(worker.id).value();
    return worker.last_event.value > shape.events + shape.events / 5;
}

void say_growing(const std::string& name, const LogShape& shape) {
    std::fprintf(stderr, "  (making %s: %d subscriptions, %lld events)\n", name.c_str(),
                 shape.subscriptions, static_cast<long long>(shape.events));
}

std::shared_ptr<Storage> open_sqlite_log(const Bench& bench, const std::string& name,
                                         const LogShape& shape, bool may_reuse = true) {
    const std::filesystem::path made = bench.cache / (name + ".db");
    const auto remove = [](const std::filesystem::path& file) {
        for (const char* end : {"", "-wal", "-shm", "-lock"}) {
            std::filesystem::remove(file.string() + end);
        }
    };
    if (!may_reuse) remove(made);
    if (!std::filesystem::exists(made)) {
        say_growing(made.filename(), shape);
        const std::filesystem::path unfinished = bench.cache / "unfinished.db";
        remove(unfinished);
        {
            const auto storage = open_sqlite(unfinished);
            subscribe(bench, *storage, shape);
            grow(*storage, shape);
        }
        std::filesystem::rename(unfinished, made);
    }
    if (shape.events > 0) {
        auto storage = open_sqlite(made);
        if (!may_reuse || !is_outgrown(*storage, shape)) return storage;
        storage.reset();
        return open_sqlite_log(bench, name, shape, false);
    }
    const std::filesystem::path fresh = bench.folder / "new.db";
    remove(fresh);
    std::filesystem::copy_file(made, fresh);
    return open_sqlite(fresh);
}

std::shared_ptr<Storage> open_postgresql_log(const Bench& bench, const std::string& name,
                                             const LogShape& shape, bool may_reuse = true) {
    const Postgresql& server = *bench.postgresql;
    const auto open = [&bench](const std::string& database) {
        return make_postgresql_storage(postgresql_options(bench, database)).value();
    };
    if (!may_reuse) server.drop_database(name);
    if (!server.has_database(name)) {
        say_growing("database " + name, shape);
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
    if (shape.events > 0) {
        auto storage = open(name);
        if (!may_reuse || !is_outgrown(*storage, shape)) return storage;
        storage.reset();
        return open_postgresql_log(bench, name, shape, false);
    }
    server.drop_database("new_log");
    server.make_database("new_log", name);
    return open("new_log");
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
    const std::string name = "log_" + short_number(shape.events) + "_events_" +
                             std::to_string(shape.subscriptions) + "_subscriptions_" +
                             std::to_string(shape.per_user) + "_each_" +
                             std::to_string(shape.endpoints) + "_endpoints";
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
