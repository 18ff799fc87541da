#include "backend.hpp"

#include <stdexcept>
#include <support/postgresql_cluster.hpp>
#include <support/temporary_folder.hpp>
#include <webhooks/memory_storage.hpp>
#include <webhooks/postgresql_storage.hpp>
#include <webhooks/sqlite_storage.hpp>

namespace webhooks::simulation {
namespace {

class MemoryDatabase final : public Database {
public:
    MemoryDatabase(std::shared_ptr<Clock> clock, std::shared_ptr<Random> random)
        : storage_(
              make_memory_storage(std::move(clock), std::chrono::seconds(5), std::move(random))) {}

    Result<std::shared_ptr<Storage>> open() override { return storage_; }
    Storage& reader() override { return *storage_; }

private:
    std::shared_ptr<Storage> storage_;
};

[[maybe_unused]] EncryptionOptions encrypt_with(std::shared_ptr<KeyProvider> keys) {
    return {.keys = std::move(keys), .payloads = true};
}

#ifdef WEBHOOKS_TEST_SQLITE
class SqliteDatabase final : public Database {
public:
    SqliteDatabase(std::shared_ptr<Clock> clock, std::shared_ptr<Random> random,
                   const DatabaseKeys& keys)
        : clock_(std::move(clock)),
          random_(std::move(random)),
          keys_(keys.of_processes),
          reader_(open(keys.of_reader).value()) {}

    Result<std::shared_ptr<Storage>> open() override { return open(keys_); }
    Storage& reader() override { return *reader_; }

private:
    Result<std::shared_ptr<Storage>> open(std::shared_ptr<KeyProvider> keys) {
        return make_sqlite_storage({.path = folder_.file("simulated.db"),
                                    .readers = 1,
                                    .clock = clock_,
                                    .random = random_,
                                    .encryption = encrypt_with(std::move(keys))});
    }

    /// In memory, for it is never cut off from power.
    testing::TemporaryFolder folder_{"/dev/shm"};
    std::shared_ptr<Clock> clock_;
    std::shared_ptr<Random> random_;
    std::shared_ptr<KeyProvider> keys_;
    std::shared_ptr<Storage> reader_;
};
#endif

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
class PostgresqlDatabase final : public Database {
public:
    PostgresqlDatabase(std::shared_ptr<Clock> clock, std::shared_ptr<Random> random,
                       const DatabaseKeys& keys)
        : options_{.connection = Secret(testing::postgresql_cluster().uri()),
                   .schema = "simulated_" + std::to_string(++count),
                   .connections = 1,
                   .clock = std::move(clock),
                   .random = std::move(random),
                   .encryption = encrypt_with(keys.of_processes)} {
        migrate_postgresql(options_).value();
        PostgresqlOptions readers = options_;
        readers.encryption = encrypt_with(keys.of_reader);
        reader_ = make_postgresql_storage(std::move(readers)).value();
    }

    Result<std::shared_ptr<Storage>> open() override { return make_postgresql_storage(options_); }
    Storage& reader() override { return *reader_; }

private:
    static inline int count = 0;

    const PostgresqlOptions options_;
    std::shared_ptr<Storage> reader_;
};
#endif

}  // namespace

std::unique_ptr<Database> make_database(Backend backend, std::shared_ptr<Clock> clock,
                                        std::shared_ptr<Random> random, const DatabaseKeys& keys) {
#ifdef WEBHOOKS_TEST_SQLITE
    if (backend == Backend::sqlite) {
        return std::make_unique<SqliteDatabase>(std::move(clock), std::move(random), keys);
    }
#endif
#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
    if (backend == Backend::postgresql) {
        return std::make_unique<PostgresqlDatabase>(std::move(clock), std::move(random), keys);
    }
#endif
    if (backend != Backend::memory) throw std::runtime_error("this backend was not built");
    return std::make_unique<MemoryDatabase>(std::move(clock), std::move(random));
}

}  // namespace webhooks::simulation
