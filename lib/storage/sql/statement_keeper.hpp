#pragma once

#include <soci/soci.h>

#include <string>

namespace webhooks::storage {

/// Keeps the statements that a session executed last, so that they need not be prepared again.
class StatementKeeper {
public:
    virtual ~StatementKeeper() = default;

    /// As `statement.prepare(text)`.
    virtual void prepare(soci::statement& statement, const std::string& text) = 0;
    /// The statement is then as before it was prepared.
    virtual void put_back(soci::statement& statement) noexcept = 0;
};

/// @param keeper outlives the use of the session.
void set_keeper(soci::session& sql, StatementKeeper& keeper);
/// @return null if the session has none
StatementKeeper* keeper_of(soci::session& sql);

/// A statement with its `soci::use` and `soci::into`, prepared for its scope.
class Prepared {
public:
    Prepared(soci::session& sql, soci::statement& statement, const std::string& text)
        : keeper_(keeper_of(sql)), statement_(statement) {
        statement.alloc();
        if (keeper_ != nullptr) {
            keeper_->prepare(statement, text);
        } else {
            // One-time: preparing and deallocating would take two more round trips to PostgreSQL.
            statement.prepare(text, soci::details::st_one_time_query);
        }
    }
    ~Prepared() {
        if (keeper_ != nullptr) keeper_->put_back(statement_);
    }
    Prepared(const Prepared&) = delete;
    Prepared& operator=(const Prepared&) = delete;

private:
    StatementKeeper* const keeper_;
    soci::statement& statement_;
};

}  // namespace webhooks::storage
