#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <support/postgresql_cluster.hpp>
#include <thread>
#include <utility>

namespace webhooks::testing {
namespace {

/// PostgreSQL refuses to run as root. @return null for whoever is not root.
const passwd* other_user() {
    if (::geteuid() != 0) return nullptr;
    const passwd* user = ::getpwnam("postgres");
    return user != nullptr ? user : ::getpwnam("nobody");
}

std::string program(const char* name) {
    return std::string(WEBHOOKS_TEST_POSTGRESQL_PROGRAMS) + "/" + name;
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
            throw std::runtime_error("chown failed");
        }
    }
    const pid_t initdb =
        launch({program("initdb"), "--pgdata=" + folder_.file("data"), "--username=webhooks",
                "--auth=trust", "--encoding=UTF8", "--locale=C", "--locale-provider=icu",
                "--icu-locale=en", "--no-sync"});
    if (wait_for(initdb) != 0) {
        std::ifstream log(folder_.file("log"));
        throw std::runtime_error("initdb failed: " +
                                 std::string(std::istreambuf_iterator(log), {}));
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
            std::ifstream log(folder_.file("log"));
            throw std::runtime_error("no PostgreSQL: " +
                                     std::string(std::istreambuf_iterator(log), {}));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void PostgresqlCluster::stop(Shutdown how) {
    if (server_ <= 0) return;
    ::kill(server_, static_cast<int>(how));
    wait_for(std::exchange(server_, 0));
}

/// The server writes its state into the eighth line of its pid file.
bool PostgresqlCluster::is_ready() const {
    std::ifstream file(folder_.file("data/postmaster.pid"));
    std::string line;
    for (int i = 0; i < 8; ++i) {
        if (!std::getline(file, line)) return false;
    }
    return line.starts_with("ready");
}

pid_t PostgresqlCluster::launch(const std::vector<std::string>& command) const {
    const passwd* user = other_user();
    const std::string log = folder_.file("log");
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child != 0) return child;
    const bool is_other =
        user == nullptr || (::setgroups(0, nullptr) == 0 && ::setgid(user->pw_gid) == 0 &&
                            ::setuid(user->pw_uid) == 0);
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (!is_other || ::getppid() != parent || output < 0 || ::chdir("/") != 0) ::_exit(127);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execv(arguments.front(), arguments.data());
    ::_exit(127);
}

PostgresqlCluster& postgresql_cluster() {
    static PostgresqlCluster cluster;
    return cluster;
}

}  // namespace webhooks::testing
