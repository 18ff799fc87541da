#pragma once

#include <sys/types.h>
#include <filesystem>
#include <string>
#include <vector>

namespace bench {

/// A PostgreSQL server for the benchmark, with PostgreSQL's defaults (it waits for the disk), on a
/// Unix socket. Its data remain for later runs; the server ends with this process.
class Postgresql {
public:
    /// Throws if the server does not start.
    explicit Postgresql(std::filesystem::path folder);
    ~Postgresql();
    Postgresql(const Postgresql&) = delete;
    Postgresql& operator=(const Postgresql&) = delete;

    /// Whether PostgreSQL's programs are installed.
    static bool is_installed();

    std::string uri(const std::string& database) const;
    pid_t process() const noexcept { return process_; }

    bool has_database(const std::string& name) const;
    /// @param like the database to copy; empty: an empty one.
    void make_database(const std::string& name, const std::string& like = "") const;
    void drop_database(const std::string& name) const;
    /// Runs SQL. @return its rows, in psql's unaligned format.
    std::string query(const std::string& database, const std::string& sql) const;

private:
    std::string run(std::vector<std::string> command) const;
    bool is_ready() const;
    void make_log_files() const;

    std::filesystem::path data_;
    std::filesystem::path sockets_;
    pid_t process_ = 0;
    uid_t user_ = 0;
    gid_t group_ = 0;
};

}  // namespace bench
