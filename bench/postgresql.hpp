#pragma once

#include <sys/types.h>
#include <filesystem>
#include <string>
#include <vector>

namespace bench {

/// A PostgreSQL server of the benchmark's own, with the defaults of PostgreSQL (it waits for the
/// disk), on a Unix socket. Its data stay for later runs; the server ends with this process.
class Postgresql {
public:
    /// Throws where the server does not come up.
    explicit Postgresql(std::filesystem::path folder);
    ~Postgresql();
    Postgresql(const Postgresql&) = delete;
    Postgresql& operator=(const Postgresql&) = delete;

    /// Whether the machine has its programs.
    static bool is_installed();

    std::string uri(const std::string& database) const;
    pid_t process() const noexcept { return process_; }

    bool has_database(const std::string& name) const;
    /// @param like the database that is copied; empty: an empty one.
    void make_database(const std::string& name, const std::string& like = "") const;
    void drop_database(const std::string& name) const;
    /// Runs SQL. @return its rows, as psql prints them unaligned.
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
