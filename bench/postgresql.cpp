#include <pwd.h>
#include <unistd.h>
#include <iostream>
#include <postgresql.hpp>
#include <stdexcept>

namespace bench {
namespace {

using webhooks::testing::PostgresqlServer;
using webhooks::testing::run_program;

/// The folder, or one in the user's home: PostgreSQL's user cannot enter a clone in root's home.
std::filesystem::path reachable(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    const auto user = PostgresqlServer::user();
    if (run_program({"test", "-x", folder}, user).status == 0) return folder;
    const passwd* account = ::getpwuid(user ? user->user : ::getuid());
    if (account == nullptr) throw std::runtime_error("PostgreSQL's user has no home");
    std::cerr << "bench: the user " << account->pw_name << " cannot enter " << folder.string()
              << ": PostgreSQL's data lie in " << account->pw_dir << "/webhooks-bench\n";
    return std::filesystem::path(account->pw_dir) / "webhooks-bench";
}

}  // namespace

Postgresql::Postgresql(const std::filesystem::path& folder)
    : server_({.data = reachable(folder) / "data",
               .sockets = sockets_.path(),
               .initdb = {"--locale=C"},
               .settings = {"fsync=on", "synchronous_commit=on"}}) {
    if (server_.is_new()) make_log_files();
}

Postgresql::~Postgresql() {
    server_.stop(PostgresqlServer::Shutdown::fast);
}

/// A server that has run for a while reuses WAL files; creating them costs as much as what is
/// measured.
void Postgresql::make_log_files() const {
    query("postgres",
          "do $$ begin for i in 1..60 loop perform pg_logical_emit_message(true, '', ''); "
          "perform pg_switch_wal(); end loop; end $$");
    query("postgres", "checkpoint");
}

std::string Postgresql::query(const std::string& database, const std::string& sql) const {
    return server_.run(
        "psql", {"-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", uri(database), "-c", sql});
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
