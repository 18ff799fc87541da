#pragma once

#include <map>
#include <optional>
#include <storage/idempotency.hpp>
#include <storage/sql/postgresql/connection.hpp>
#include <string>
#include <utility>
#include <vector>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::storage {

/// The idempotency keys of one batch.
class BatchKeys {
public:
    /// @param reserved the reserved ids of each append's events.
    BatchKeys(const std::vector<Append>& appends, const std::vector<Appended>& reserved);

    /// Writes the new keys, each for the first append that has it, and reads the publications of
    /// the others.
    void write(PostgresqlConnection& connection, Time now);

    /// @return nullopt for a key that was written for this batch.
    Result<std::optional<Earlier>> find_earlier(const IdempotencyKey& given) const;

    /// If appends whose keys had been written were rejected: deletes these keys, and writes those
    /// that a later append also has for that append.
    void correct(PostgresqlConnection& connection, Time now, const std::vector<Append>& appends,
                 const std::vector<Result<Appended>>& verdicts);

    using Id = std::pair<std::string, std::string>;  ///< Scope and key.
    struct Stored {
        std::string digest;  ///< Hexadecimal.
        Appended appended;

        bool operator==(const Stored&) const = default;
    };
    using StoredKeys = std::map<Id, Stored>;

private:
    void drop_busy(PostgresqlConnection& connection);
    void find(PostgresqlConnection& connection);

    StoredKeys others_;  ///< Those that others published with.
    StoredKeys ours_;    ///< Those that were written for this batch.
};

}  // namespace webhooks::storage
