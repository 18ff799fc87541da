#pragma once

#include <list>
#include <memory>
#include <storage/sql/statement_keeper.hpp>
#include <string>

namespace sqlite_api {
struct sqlite3_stmt;
}  // namespace sqlite_api

namespace webhooks::storage {

/// Of a connection of SQLite, which takes longer to prepare most statements than to execute them.
/// Must be destroyed before the connection.
class KeptStatements : public StatementKeeper {
public:
    explicit KeptStatements(soci::session& sql) { set_keeper(sql, *this); }

    void prepare(soci::statement& statement, const std::string& text) override;
    void put_back(soci::statement& statement) noexcept override;

private:
    struct Finalize {
        void operator()(sqlite_api::sqlite3_stmt* statement) const noexcept;
    };
    struct Kept {
        std::string text;
        std::unique_ptr<sqlite_api::sqlite3_stmt, Finalize> statement;
    };

    std::list<Kept> free_;  ///< The one that was used last is first.
    std::list<Kept> in_use_;
};

}  // namespace webhooks::storage
