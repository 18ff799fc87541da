#include <fcntl.h>
#include <unistd.h>
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

void subscribe(const Bench& bench, Storage& storage, const LogShape& shape) {
    storage.upsert_event_type({event_type, "What is measured"}).value();
    const Secret secret = (shape.have_key_pairs ? make_signing_key() : make_secret()).value();
    for (int i = 0; i < shape.subscriptions; ++i) {
        storage
            .insert_subscription(
                Principal::administrator("bench"),
                {.name = "bench",
                 .event_type = event_type,
                 .url = bench.sink.url(static_cast<std::size_t>(i % shape.endpoints)),
                 .secret = secret,
                 .max_retry_count = 9,
                 .user_id = user_name(i / shape.per_user)})
            .value();
    }
}

/// The sink may have a different port than in the run that created the log.
void point_to_sink(const Bench& bench, Storage& storage, const LogShape& shape) {
    const auto subscriptions = storage.configuration(0).value().subscriptions;
    for (std::size_t i = 0; i < subscriptions.size(); ++i) {
        const auto endpoint = i % static_cast<std::size_t>(shape.endpoints);
        storage
            .update_subscription(administrator(), subscriptions[i].id,
                                 {.url = bench.sink.url(endpoint)})
            .value();
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
    Heartbeat heartbeat = storage.heartbeat(worker).value();
    for (std::int64_t at = 0; at < shape.events; at += batch_size) {
        Batch batch{.number = ++heartbeat.last_batch, .revision = heartbeat.revision};
        for (std::int64_t i = at; i < std::min(shape.events, at + batch_size); ++i) {
            batch.appends.push_back({.message = message, .subscriptions = {subscription_of(i)}});
        }
        const BatchReceipt receipt = storage.write(worker, batch).value();
        Batch results{.number = ++heartbeat.last_batch};
        for (std::size_t i = 0; i < receipt.appends.size(); ++i) {
            results.low_water = receipt.appends[i]->first_event;
            const std::int64_t number = at + static_cast<std::int64_t>(i);
            // One in a hundred failed permanently, of each subscription.
            const Outcome outcome = shape.are_due                           ? Outcome::retry
                                    : (number + number / stride) % 100 == 0 ? Outcome::exhausted
                                                                            : Outcome::delivered;
            results.attempts.push_back(
                {.event = results.low_water,
                 .subscription = batch.appends[i].subscriptions.front(),
                 .attempt = {.number = 1,
                             .sent_at = heartbeat.now,
                             .duration = std::chrono::milliseconds(1),
                             .status_code = outcome == Outcome::delivered ? 200 : 500,
                             .response = "",
                             .outcome = outcome},
                 .due = shape.are_due ? std::optional(heartbeat.now) : std::nullopt,
                 .attempts_since_reopened = 1});
        }
        storage.write(worker, results).value();
    }
    // As a service does in its first minute.
    while (storage.maintain({.limit = 1000}).value()) {
    }
    storage.retire_worker(worker).value();
}

/// Stores logs by name.
class Shelf {
public:
    virtual ~Shelf() = default;
    virtual bool has(const std::string& name) const = 0;
    /// Creates the log with `fill`; an incomplete one is discarded.
    virtual void make(const std::string& name, const std::function<void(Storage&)>& fill) = 0;
    virtual void remove(const std::string& name) = 0;
    virtual std::shared_ptr<Storage> open(const std::string& name) = 0;
    /// @pre The log is not open. Ends the previous copy.
    virtual std::shared_ptr<Storage> open_copy(const std::string& name,
                                               const EncryptionOptions& encryption) = 0;
};

class SqliteShelf final : public Shelf {
public:
    /// @param workshop where logs are created.
    SqliteShelf(const Bench& bench, std::filesystem::path workshop)
        : bench_(bench), workshop_(std::move(workshop)) {}

    bool has(const std::string& name) const override { return std::filesystem::exists(path(name)); }
    void make(const std::string& name, const std::function<void(Storage&)>& fill) override {
        const std::filesystem::path unfinished =
            workshop_ / ("webhooks-bench-" + std::to_string(bench_.sink.process()) + ".db");
        remove_file(unfinished);
        fill(*open_file(unfinished));
        const std::filesystem::path moving = path("moving");
        remove_file(moving);
        copy_file(unfinished, moving);
        remove_file(unfinished);
        std::filesystem::rename(moving, path(name));
    }
    void remove(const std::string& name) override { remove_file(path(name)); }
    std::shared_ptr<Storage> open(const std::string& name) override {
        return open_file(path(name));
    }
    std::shared_ptr<Storage> open_copy(const std::string& name,
                                       const EncryptionOptions& encryption) override {
        const std::filesystem::path copy = bench_.folder / "copy.db";
        remove_file(copy);
        copy_file(path(name), copy);
        return open_file(copy, encryption);
    }

private:
    std::filesystem::path path(const std::string& name) const {
        return bench_.cache / (name + ".db");
    }
    static void remove_file(const std::filesystem::path& file) {
        for (const char* end : {"", "-wal", "-shm", "-lock"}) {
            std::filesystem::remove(file.string() + end);
        }
    }
    /// Flushes what it wrote, so that the system does not write it during a measurement.
    static void copy_file(const std::filesystem::path& from, const std::filesystem::path& to) {
        std::filesystem::copy_file(from, to);
        const int file = ::open(to.c_str(), O_RDONLY | O_CLOEXEC);
        ::fsync(file);
        ::close(file);
    }
    static std::shared_ptr<Storage> open_file(const std::filesystem::path& file,
                                              const EncryptionOptions& encryption = {}) {
        return make_sqlite_storage({.path = file, .encryption = encryption}).value();
    }

    const Bench& bench_;
    std::filesystem::path workshop_;
};

class PostgresqlShelf final : public Shelf {
public:
    explicit PostgresqlShelf(const Postgresql& server) : server_(server) {}

    bool has(const std::string& name) const override { return server_.has_database(name); }
    void make(const std::string& name, const std::function<void(Storage&)>& fill) override {
        server_.drop_database("unfinished");
        server_.make_database("unfinished");
        // While it is created, nothing waits for the disk.
        server_.query("postgres", "alter database unfinished set synchronous_commit = off");
        fill(*open("unfinished"));
        server_.query("unfinished", "vacuum analyze");
        server_.query("unfinished", "checkpoint");
        server_.query("postgres", "alter database unfinished reset synchronous_commit");
        server_.query("postgres", "alter database unfinished rename to " + name);
    }
    void remove(const std::string& name) override { server_.drop_database(name); }
    std::shared_ptr<Storage> open(const std::string& name) override {
        // It may have been filled by an earlier version.
        migrate_postgresql(options(name)).value();
        return make_postgresql_storage(options(name)).value();
    }
    std::shared_ptr<Storage> open_copy(const std::string& name,
                                       const EncryptionOptions& encryption) override {
        server_.drop_database("copy");
        server_.make_database("copy", name);
        PostgresqlOptions copy = options("copy");
        migrate_postgresql(copy).value();
        copy.encryption = encryption;
        return make_postgresql_storage(std::move(copy)).value();
    }

private:
    PostgresqlOptions options(const std::string& database) const {
        return {.connection = Secret(server_.uri(database))};
    }

    const Postgresql& server_;
};

std::unique_ptr<Shelf> shelf_of(const Bench& bench, Place place, const LogShape& shape) {
    if (place == Place::postgresql) return std::make_unique<PostgresqlShelf>(*bench.postgresql);
    // Thousands of subscriptions are thousands of transactions, which need not wait for a disk.
    std::filesystem::path workshop = "/dev/shm";
    std::error_code none;
    if (shape.events > 100'000 || !std::filesystem::is_directory(workshop, none)) {
        workshop = bench.cache;
    }
    return std::make_unique<SqliteShelf>(bench, workshop);
}

/// Copying a long log would take longer than measuring.
bool is_kept(const LogShape& shape) {
    return shape.events >= 1'000'000 && !shape.is_used_up;
}

bool points_to_sink(const Bench& bench, Storage& storage) {
    const auto first = storage.list_subscriptions(administrator(), {.take = 1}).value().items;
    return first.front().url.find(":" + std::to_string(bench.sink.port()) + "/") !=
           std::string::npos;
}

/// Runs add to a log: after it has grown by a fifth it is stale. If the sink has another port, a
/// log without events is created again, which is faster than changing its subscriptions.
bool is_stale(const Bench& bench, Storage& storage, const LogShape& shape) {
    if (shape.events == 0) return !points_to_sink(bench, storage);
    if (!is_kept(shape)) return false;
    const Worker worker = storage.register_worker(std::chrono::seconds(10)).value();
    storage.retire_worker(worker.id).value();
    return worker.last_event.value > shape.events + shape.events / 5;
}

}  // namespace

const Principal& administrator() {
    static const Principal principal = Principal::administrator("bench");
    return principal;
}

std::string user_name(int number) {
    return "user-" + std::to_string(number);
}

std::shared_ptr<Storage> open_log(const Bench& bench, Place place, const LogShape& shape,
                                  const EncryptionOptions& encryption) {
    const std::string name =
        "log_" + short_number(shape.events) + (shape.are_due ? "_due_events_" : "_events_") +
        std::to_string(shape.subscriptions) + "_subscriptions_" + std::to_string(shape.per_user) +
        "_each_" + std::to_string(shape.endpoints) + "_endpoints";
    if (place == Place::memory) {
        auto storage = make_memory_storage();
        subscribe(bench, *storage, shape);
        return storage;
    }
    const std::unique_ptr<Shelf> shelf = shelf_of(bench, place, shape);
    if (shelf->has(name) && is_stale(bench, *shelf->open(name), shape)) shelf->remove(name);
    if (!shelf->has(name)) {
        std::fprintf(stderr, "  (making %s%s)\n",
                     place == Place::sqlite ? "" : "PostgreSQL database ", name.c_str());
        shelf->make(name, [&](Storage& storage) {
            subscribe(bench, storage, shape);
            grow(storage, shape);
        });
    }
    auto storage = shelf->open(name);
    if (!points_to_sink(bench, *storage)) point_to_sink(bench, *storage, shape);
    if (is_kept(shape)) return storage;
    storage.reset();
    return shelf->open_copy(name, encryption);
}

EncryptionOptions encrypting_everything() {
    class OneKey final : public KeyProvider {
    public:
        Result<EncryptionKey> current() override {
            return EncryptionKey{.id = "bench", .bytes = Secret(std::string(32, 'k'))};
        }
        Result<EncryptionKey> find(const std::string&) override { return current(); }
    };
    return {.keys = std::make_shared<OneKey>(), .payloads = true};
}

}  // namespace bench
