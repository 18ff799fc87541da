#pragma once

#include <storage/sql/exchange.hpp>

namespace webhooks::storage {

/// A transaction that is rolled back unless it was committed. SOCI's own uses the database's
/// default begin; here the caller specifies it, because a SQLite writer must begin as one.
class Transaction {
public:
    Transaction(soci::session& sql, const char* begin)
        : sql_(sql), rollback_(prepared(sql, soci::details::st_one_time_query, "ROLLBACK")) {
        execute(sql_, begin);
    }

    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    ~Transaction() {
        if (is_done_) return;
        try {
            rollback_.execute(true);
        } catch (...) {
            // The database has already rolled back.
        }
    }

    void commit() {
        execute(sql_, "COMMIT");
        is_done_ = true;
    }

private:
    soci::session& sql_;
    soci::statement rollback_;  ///< Prepared: a rollback needs no memory, which may be short.
    bool is_done_ = false;
};

}  // namespace webhooks::storage
