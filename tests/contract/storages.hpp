#pragma once

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#endif
#include <chrono>
#include <support/catch.hpp>
#include <support/postgresql_cluster.hpp>
#include <support/temporary_folder.hpp>
#include <utility>
#include <webhooks/forwarding_storage.hpp>
#include <webhooks/testing/manual_clock.hpp>
#include <webhooks/testing/storage_contract/fixture.hpp>
#include <webhooks/webhooks.hpp>

namespace webhooks::testing {

using storage_contract::admin;
using storage_contract::alice;
using storage_contract::bob;
using storage_contract::ids;

/// No query times out, however slow the machine is.
inline constexpr std::chrono::minutes patience{10};

struct InMemory final : StorageUnderTest {
    std::shared_ptr<Storage> make(std::shared_ptr<Clock> clock) override {
        return make_memory_storage(std::move(clock), patience);
    }
};

#ifdef WEBHOOKS_TEST_SQLITE
struct OnSqlite final : StorageUnderTest {
    std::shared_ptr<Storage> make(std::shared_ptr<Clock> clock) override {
        return make_sqlite_storage({.path = folder.file("test.db"),
                                    .query_timeout = patience,
                                    .clock = std::move(clock)})
            .value();
    }
    TemporaryFolder folder;
};

/// As below a service that does maintenance after each batch, for two events at a time: some events
/// are in the index of subscriptions' events, some not, and some are being indexed.
struct OnIndexedSqlite final : StorageUnderTest {
    class Indexing final : public ForwardingStorage {
    public:
        using ForwardingStorage::ForwardingStorage;

        Result<BatchReceipt> write(WorkerId worker, const Batch& batch) override {
            Result<BatchReceipt> receipt = ForwardingStorage::write(worker, batch);
            if (receipt) maintain({.limit = 2}).value();
            return receipt;
        }
    };

    std::shared_ptr<Storage> make(std::shared_ptr<Clock> clock) override {
        return std::make_shared<Indexing>(place.make(std::move(clock)));
    }
    OnSqlite place;
};
#endif

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
/// A schema of its own.
struct OnPostgresql : StorageUnderTest {
    std::shared_ptr<Storage> make(std::shared_ptr<Clock> clock) override {
        const PostgresqlOptions options = this->options(std::move(clock));
        migrate_postgresql(options).value();
        return make_postgresql_storage(options).value();
    }

    int random_list_queries() const override { return 1000; }

    PostgresqlOptions options(std::shared_ptr<Clock> clock) const {
        return {.connection = Secret(postgresql_cluster().uri()),
                .schema = schema,
                .connections = 2,
                .query_timeout = patience,
                .clock = std::move(clock)};
    }

    static inline int count = 0;
    const std::string schema = "test_" + std::to_string(++count);
};

/// With a log of many partitions.
struct OnSmallPartitions final : OnPostgresql {
    static constexpr std::int64_t width = 16;

    std::shared_ptr<Storage> make(std::shared_ptr<Clock> clock) override {
        const PostgresqlOptions options = this->options(std::move(clock));
        migrate_postgresql(options).value();
        soci::session sql(soci::postgresql, postgresql_cluster().uri());
        sql << "SET search_path = " + schema;
        sql << "CREATE OR REPLACE FUNCTION webhooks_partition_width() RETURNS bigint "
               "LANGUAGE sql IMMUTABLE AS 'SELECT " +
                   std::to_string(width) + "::bigint'";
        sql << "SELECT webhooks_drop_partition(n), webhooks_make_partition(n) "
               "FROM generate_series(0, 1) n";
        return make_postgresql_storage(options).value();
    }

    int random_list_queries() const override { return 250; }
};
#endif

template <class Place>
struct Given {
    Place place;
};

/// A storage and what it needs, for tests outside the contract.
template <class Place>
struct StorageFixture : private Given<Place>, public storage_contract::Fixture {
    using Given<Place>::place;
    StorageFixture() : Fixture(place) {}
};

}  // namespace webhooks::testing
