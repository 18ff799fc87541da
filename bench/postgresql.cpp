#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <postgresql.hpp>
#include <processes.hpp>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

std::string program(const char* name) {
    return std::string(WEBHOOKS_BENCH_POSTGRESQL_PROGRAMS) + "/" + name;
}

void give(const std::filesystem::path& path, uid_t user, gid_t group) {
    if (user != 0 && ::chown(path.c_str(), user, group) != 0) {
        throw std::runtime_error("chown " + path.string());
    }
}

/// The folder, or one in the user's home: PostgreSQL's user cannot enter a clone in root's home.
std::filesystem::path reachable(const std::filesystem::path& folder, const passwd& user) {
    std::filesystem::create_directories(folder);
    if (run_program({"test", "-x", folder}, user.pw_uid, user.pw_gid).status == 0) return folder;
    const std::filesystem::path instead = std::filesystem::path(user.pw_dir) / "webhooks-bench";
    std::filesystem::create_directories(instead);
    std::cerr << "bench: the user " << user.pw_name << " cannot enter " << folder.string()
              << ": PostgreSQL's data lie in " << instead.string() << "\n";
    return instead;
}

}  // namespace

bool Postgresql::is_installed() {
    return *WEBHOOKS_BENCH_POSTGRESQL_PROGRAMS != '\0' &&
           ::access(program("initdb").c_str(), X_OK) == 0;
}

Postgresql::Postgresql(std::filesystem::path folder) {
    // PostgreSQL does not run as root.
    if (::geteuid() == 0) {
        const passwd* user = ::getpwnam("postgres");
        if (user == nullptr) user = ::getpwnam("nobody");
        if (user == nullptr) throw std::runtime_error("no user to run PostgreSQL as");
        user_ = user->pw_uid;
        group_ = user->pw_gid;
        folder = reachable(folder, *user);
    }
    data_ = folder / "data";
    // The path of a Unix socket must be short.
    std::string sockets = "/tmp/webhooks-bench-XXXXXX";
    if (!::mkdtemp(sockets.data())) throw std::runtime_error("mkdtemp " + sockets);
    sockets_ = sockets;
    give(sockets_, user_, group_);
    std::filesystem::create_directories(folder);
    give(folder, user_, group_);
    const bool is_new = !std::filesystem::exists(data_ / "PG_VERSION");
    if (is_new) {
        run({program("initdb"), "--pgdata=" + data_.string(), "--username=webhooks", "--auth=trust",
             "--encoding=UTF8", "--locale=C"});
    }
    process_ = launch({program("postgres"), "-D", data_, "-k", sockets_, "-c",
                       "listen_addresses=", "-c", "fsync=on", "-c", "synchronous_commit=on"},
                      sockets_ / "log", user_, group_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!is_ready()) {
        if (std::chrono::steady_clock::now() > deadline ||
            ::waitpid(process_, nullptr, WNOHANG) != 0) {
            std::ifstream log(sockets_ / "log");
            throw std::runtime_error("no PostgreSQL: " +
                                     std::string(std::istreambuf_iterator(log), {}));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    if (is_new) make_log_files();
}

/// A server that has run for a while reuses WAL files; creating them costs as much as what is
/// measured.
void Postgresql::make_log_files() const {
    query("postgres",
          "do $$ begin for i in 1..60 loop perform pg_logical_emit_message(true, '', ''); "
          "perform pg_switch_wal(); end loop; end $$");
    query("postgres", "checkpoint");
}

Postgresql::~Postgresql() {
    ::kill(process_, SIGINT);
    ::waitpid(process_, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(sockets_, ignored);
}

/// The server writes its state into line 8 of its pid file, its process id into line 1.
bool Postgresql::is_ready() const {
    std::ifstream file(data_ / "postmaster.pid");
    std::string line;
    for (int i = 0; i < 8; ++i) {
        if (!std::getline(file, line)) return false;
        if (i == 0 && line != std::to_string(process_)) return false;
    }
    return line.starts_with("ready");
}

std::string Postgresql::uri(const std::string& database) const {
    return "postgresql://webhooks@/" + database + "?host=" + sockets_.string();
}

std::string Postgresql::run(std::vector<std::string> command) const {
    Ended ended = run_program(command, user_, group_);
    if (ended.status != 0) throw std::runtime_error(command.front() + ": " + ended.output);
    return std::move(ended.output);
}

std::string Postgresql::query(const std::string& database, const std::string& sql) const {
    return run({program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
                uri(database), "-c", sql});
}

bool Postgresql::has_database(const std::string& name) const {
    return query("postgres", "select 1 from pg_database where datname = '" + name + "'")
        .starts_with("1");
}

void Postgresql::make_database(const std::string& name, const std::string& like) const {
    query("postgres", "create database " + name + (like.empty() ? "" : " template " + like));
}

void Postgresql::drop_database(const std::string& name) const {
    query("postgres", "drop database if exists " + name + " with (force)");
}

}  // namespace bench
