#pragma once

#include <sys/types.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <support/child_process.hpp>
#include <vector>

namespace webhooks::testing {

/// A PostgreSQL server on a Unix socket. It ends with the object, and with the process, however
/// that ends. Its functions throw if a program fails.
class PostgresqlServer {
public:
    struct Options {
        std::filesystem::path data;         ///< A folder, made if there is none.
        std::filesystem::path sockets;      ///< The folder of socket and log: a short path.
        std::vector<std::string> initdb;    ///< Further arguments of `initdb`.
        std::vector<std::string> settings;  ///< `name=value`.
    };
    explicit PostgresqlServer(Options options);
    ~PostgresqlServer();
    PostgresqlServer(const PostgresqlServer&) = delete;
    PostgresqlServer& operator=(const PostgresqlServer&) = delete;

    /// Whether PostgreSQL's programs are installed.
    static bool is_installed();
    /// PostgreSQL does not run as root. @return the user to run it as; nullopt: this process's.
    static std::optional<ProcessUser> user();

    std::string uri(const std::string& database_name = "postgres") const;
    std::string socket() const { return options_.sockets / ".s.PGSQL.5432"; }
    pid_t process() const noexcept { return process_; }
    /// Whether there were no data before.
    bool is_new() const noexcept { return is_new_; }

    /// Runs one of PostgreSQL's programs. @return its output.
    std::string run(const std::string& program, std::vector<std::string> arguments) const;

    /// The modes of `pg_ctl stop -m`; both end all connections.
    enum class Shutdown : int { fast = SIGINT, immediate = SIGQUIT };
    void stop(Shutdown how = Shutdown::immediate);
    /// @pre it was stopped
    void start();

private:
    void make_data() const;
    bool is_ready() const;
    std::filesystem::path log() const { return options_.sockets / "log"; }

    const Options options_;
    bool is_new_ = false;
    pid_t process_ = 0;
};

}  // namespace webhooks::testing
