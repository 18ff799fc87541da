#pragma once

#include <soci/soci.h>

namespace webhooks::storage {

/// A transaction that is rolled back unless it was committed. SOCI's own uses the database's
/// default begin; here the caller specifies it, because a SQLite writer must begin as one.
class Transaction {
public:
    Transaction(soci::session& sql, const char* begin) : sql_(sql) { sql_ << begin; }

    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    ~Transaction() {
        if (is_done_) return;
        try {
            sql_ << "ROLLBACK";
        } catch (const soci::soci_error&) {
            // The database has already rolled back.
        }
    }

    void commit() {
        sql_ << "COMMIT";
        is_done_ = true;
    }

private:
    soci::session& sql_;
    bool is_done_ = false;
};

}  // namespace webhooks::storage
