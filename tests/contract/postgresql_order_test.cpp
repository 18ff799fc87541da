// Events with ordering keys, with several workers at once.

#include <contract/postgresql_fixture.hpp>
#include <map>
#include <set>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// What receivers saw.
class Arrivals {
public:
    /// A request starts.
    void begin(const std::string& key, EventId event) {
        const std::scoped_lock lock(mutex_);
        if (!in_flight_.insert(key).second) ++overlaps_;
        if (event < newest_[key]) ++late_;
        newest_[key] = event;
        ++count_;
    }
    void end(const std::string& key) {
        const std::scoped_lock lock(mutex_);
        in_flight_.erase(key);
    }
    std::size_t count() {
        const std::scoped_lock lock(mutex_);
        return count_;
    }
    int overlaps() const { return overlaps_; }
    int late() const { return late_; }

private:
    std::mutex mutex_;
    std::set<std::string> in_flight_;
    std::map<std::string, EventId> newest_;
    std::size_t count_ = 0;
    int overlaps_ = 0;
    int late_ = 0;
};

struct PostgresqlOrderFixture : PostgresqlFixture {
    SubscriptionId subscription = subscribe().id;
    Arrivals arrivals;

    Append append_of(const std::string& key) const {
        auto message = std::make_shared<Message>(*Fixture::message("{}"));
        message->ordering_key = key;
        return {.message = message, .subscriptions = {subscription}};
    }

    AttemptRecord delivered(EventId event, bool has_row) const {
        return {.event = event,
                .subscription = subscription,
                .attempt = {.number = 1, .status_code = 200, .outcome = Outcome::delivered},
                .attempts_since_reopened = 1,
                .has_row = has_row,
                .is_ordered = true};
    }
};

}  // namespace

TEST_CASE_METHOD(PostgresqlOrderFixture,
                 "events with one key arrive one by one and in order, whichever workers publish "
                 "and claim them",
                 "[postgresql]") {
    constexpr int workers = 4;
    constexpr std::size_t rounds = 60;
    const std::vector<std::string> keys = {"a", "b", "c"};
    const Revision current = revision();
    at_once(workers, [&](int number) {
        const auto own = another(clock);
        const WorkerId self = own->register_worker(10s).value().id;
        std::int64_t batches = 0;
        std::size_t published = 0;
        std::vector<AttemptRecord> done;
        std::map<EventId, std::pair<std::string, bool>> behind;
        const auto send = [&](EventId event, const std::string& key, bool has_row) {
            arrivals.begin(key, event);
            arrivals.end(key);
            done.push_back(delivered(event, has_row));
        };
        while (arrivals.count() < workers * rounds) {
            Batch batch{.number = ++batches, .revision = current};
            batch.attempts.swap(done);
            if (published < rounds) {
                batch.appends.push_back(
                    append_of(keys[(published++ + static_cast<std::size_t>(number)) % 3]));
            }
            const BatchReceipt receipt = own->write(self, batch).value();
            for (std::size_t i = 0; i < receipt.appends.size(); ++i) {
                const EventId event = receipt.appends[i].value().first_event;
                const std::string& key = batch.appends[i].message->ordering_key;
                if (!receipt.behind.empty()) behind[event] = {key, false};
                if (receipt.behind.empty() && receipt.waiting.empty()) send(event, key, false);
            }
            for (const EventId event : receipt.turns) {
                send(event, behind.at(event).first, behind.at(event).second);
            }
            clock->advance(10ms);
            const Claim claim = own->claim(self, 10).value();
            for (const HeldEvent& event : claim.events) {
                send(event.id, event.message->ordering_key, true);
            }
            for (const HeldEvent& event : claim.behind) {
                behind[event.id] = {event.message->ordering_key, true};
            }
        }
    });
    CHECK(arrivals.count() == workers * rounds);
    CHECK(arrivals.overlaps() == 0);
    CHECK(arrivals.late() == 0);
}

TEST_CASE_METHOD(PostgresqlOrderFixture,
                 "a publication waits for one with its key that is being written", "[postgresql]") {
    soci::session sql;
    open(sql);
    sql << "BEGIN";
    sql << "SELECT pg_advisory_xact_lock(('webhooks_ordered'::regclass::oid::bigint << 32) | n) "
           "FROM generate_series(0, 255) n";
    Batch batch{.revision = revision()};
    batch.appends = {append_of("K")};
    auto write = std::async(std::launch::async, [&] { return storage->write(worker.id, batch); });
    wait_until_one_waits(sql);
    // It takes its ids afterwards.
    sql << "SELECT webhooks_take_ids(1)";
    sql << "COMMIT";
    CHECK(write.get().value().appends.at(0).value().first_event == EventId{2});
}

TEST_CASE_METHOD(PostgresqlOrderFixture,
                 "a result finds its queue without reading all others, even if the table was empty "
                 "when its statements were planned",
                 "[postgresql]") {
    constexpr std::size_t queues = 200;
    constexpr std::size_t results = 20;
    soci::session sql;
    open(sql);
    sql << "VACUUM ANALYZE webhooks_ordered";
    Batch publications{.revision = revision()};
    for (std::size_t i = 0; i < queues; ++i) {
        publications.appends.push_back(append_of(std::to_string(i)));
    }
    const BatchReceipt receipt = storage->write(worker.id, publications).value();
    for (std::size_t i = 0; i < results; ++i) {
        Batch batch;
        batch.attempts = {delivered(receipt.appends[i].value().first_event, false)};
        storage->write(worker.id, batch).value();
    }
    // A session reports its counters only when it ends.
    storage.reset();
    const auto count = [&sql](const char* query) {
        long long value = 0;
        sql << query, soci::into(value);
        return static_cast<std::size_t>(value);
    };
    while (count("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'webhooks'") > 0) {
    }
    const std::size_t read = count(
        "SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes "
        "WHERE schemaname = current_schema() AND relname = 'webhooks_ordered'");
    CHECK(read > 0);
    CHECK(read < results * queues / 4);
}

TEST_CASE_METHOD(PostgresqlOrderFixture, "unordered events wait for no key", "[postgresql]") {
    soci::session sql;
    open(sql);
    sql << "BEGIN";
    sql << "SELECT pg_advisory_xact_lock(('webhooks_ordered'::regclass::oid::bigint << 32) | n) "
           "FROM generate_series(0, 255) n";
    const EventId event = append_one(subscription);
    Batch batch;
    batch.attempts = {delivered(event, false)};
    batch.attempts[0].is_ordered = false;
    CHECK(storage->write(worker.id, batch));
    CHECK(claim().empty());
}

}  // namespace webhooks::testing

#endif
