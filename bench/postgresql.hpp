#pragma once

#include <sys/types.h>
#include <filesystem>
#include <string>
#include <support/postgresql_server.hpp>
#include <support/temporary_folder.hpp>

namespace bench {

/// A PostgreSQL server for the benchmark, with PostgreSQL's defaults (it waits for the disk), on a
/// Unix socket. Its data remain for later runs; the server ends with this process.
class Postgresql {
public:
    /// Throws if the server does not start.
    explicit Postgresql(const std::filesystem::path& folder);
    ~Postgresql();
    Postgresql(const Postgresql&) = delete;
    Postgresql& operator=(const Postgresql&) = delete;

    std::string uri(const std::string& database) const { return server_.uri(database); }
    pid_t process() const noexcept { return server_.process(); }

    bool has_database(const std::string& name) const;
    /// @param like the database to copy; empty: an empty one.
    void make_database(const std::string& name, const std::string& like = "") const;
    void drop_database(const std::string& name) const;
    /// Runs SQL. @return its rows, in psql's unaligned format.
    std::string query(const std::string& database, const std::string& sql) const;

private:
    void make_log_files() const;

    webhooks::testing::TemporaryFolder sockets_{"/tmp"};
    webhooks::testing::PostgresqlServer server_;
};

}  // namespace bench
