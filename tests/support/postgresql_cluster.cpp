#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <support/postgresql_cluster.hpp>
#include <thread>
#include <utility>

namespace webhooks::testing {
namespace {

/// PostgreSQL does not run as root. @return null unless this process runs as root.
const passwd* other_user() {
    if (::geteuid() != 0) return nullptr;
    const passwd* user = ::getpwnam("postgres");
    return user != nullptr ? user : ::getpwnam("nobody");
}

std::string program(const char* name) {
    return std::string(WEBHOOKS_TEST_POSTGRESQL_PROGRAMS) + "/" + name;
}

std::runtime_error failure(const std::string& what) {
    return std::runtime_error(what + ": " + std::strerror(errno));
}

/// Ends the child, after writing the reason to its log.
[[noreturn]] void give_up(int log, const char* what) {
    ::dprintf(log, "%s: %s\n", what, std::strerror(errno));
    ::_exit(127);
}

int wait_for(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

}  // namespace

PostgresqlCluster::PostgresqlCluster() {
    if (const passwd* user = other_user()) {
        if (::chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) != 0) {
            throw failure("chown " + folder_.path());
        }
    }
    const pid_t initdb =
        launch({program("initdb"), "--pgdata=" + folder_.file("data"), "--username=webhooks",
                "--auth=trust", "--encoding=UTF8", "--locale=C", "--locale-provider=icu",
                "--icu-locale=en", "--no-sync"});
    if (wait_for(initdb) != 0) {
        throw std::runtime_error(program("initdb") + " failed: " + log());
    }
    start();
}

PostgresqlCluster::~PostgresqlCluster() {
    stop();
}

std::string PostgresqlCluster::uri() const {
    return "postgresql://webhooks@/postgres?host=" + folder_.path();
}

void PostgresqlCluster::restart() {
    stop();
    start();
}

void PostgresqlCluster::start() {
    server_ = launch({program("postgres"), "-D", folder_.file("data"), "-k", folder_.path(), "-c",
                      "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c",
                      "max_connections=50"});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!is_ready()) {
        if (std::chrono::steady_clock::now() > deadline || ::waitpid(server_, nullptr, WNOHANG)) {
            throw std::runtime_error(program("postgres") + " does not serve: " + log());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void PostgresqlCluster::stop(Shutdown how) {
    if (server_ <= 0) return;
    ::kill(server_, static_cast<int>(how));
    wait_for(std::exchange(server_, 0));
}

/// The server writes its state into line 8 of its pid file.
bool PostgresqlCluster::is_ready() const {
    std::ifstream file(folder_.file("data/postmaster.pid"));
    std::string line;
    for (int i = 0; i < 8; ++i) {
        if (!std::getline(file, line)) return false;
    }
    return line.starts_with("ready");
}

std::string PostgresqlCluster::log() const {
    std::ifstream file(folder_.file("log"));
    return {std::istreambuf_iterator(file), {}};
}

pid_t PostgresqlCluster::launch(const std::vector<std::string>& command) const {
    const passwd* user = other_user();
    // Opened before the child changes its user, so that all of its errors are logged.
    const int log =
        ::open(folder_.file("log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) throw failure("open " + folder_.file("log"));
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child != 0) {
        ::close(log);
        if (child < 0) throw failure("fork");
        return child;
    }
    // PostgreSQL enters the folder it is started in, which its user may not be allowed to.
    if (::chdir("/") != 0) give_up(log, "chdir /");
    if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 ||
                            ::setuid(user->pw_uid) != 0)) {
        give_up(log, "becoming PostgreSQL's user");
    }
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (::getppid() != parent) ::_exit(127);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::execv(arguments.front(), arguments.data());
    give_up(STDERR_FILENO, arguments.front());
}

PostgresqlCluster& postgresql_cluster() {
    static PostgresqlCluster cluster;
    return cluster;
}

}  // namespace webhooks::testing
