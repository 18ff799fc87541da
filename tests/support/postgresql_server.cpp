#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <support/postgresql_server.hpp>
#include <system_error>
#include <thread>
#include <utility>

namespace webhooks::testing {
namespace {

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
const std::filesystem::path programs = WEBHOOKS_TEST_POSTGRESQL_PROGRAMS;
#else
const std::filesystem::path programs;
#endif

/// Creates a folder that the user can write to.
void make_folder(const std::filesystem::path& folder, const std::optional<ProcessUser>& user) {
    std::filesystem::create_directories(folder);
    if (user && ::chown(folder.c_str(), user->user, user->group) != 0) {
        throw std::system_error(errno, std::generic_category(), "chown " + folder.string());
    }
}

}  // namespace

bool PostgresqlServer::is_installed() {
    return !programs.empty();
}

std::optional<ProcessUser> PostgresqlServer::user() {
    if (::geteuid() != 0) return std::nullopt;
    for (const char* name : {"postgres", "nobody"}) {
        if (const passwd* found = ::getpwnam(name)) {
            return ProcessUser{.user = found->pw_uid, .group = found->pw_gid};
        }
    }
    throw std::runtime_error("PostgreSQL does not run as root, and there is no user postgres");
}

PostgresqlServer::PostgresqlServer(Options options) : options_(std::move(options)) {
    make_folder(options_.sockets, user());
    make_folder(options_.data.parent_path(), user());
    is_new_ = !std::filesystem::exists(options_.data / "PG_VERSION");
    if (is_new_) make_data();
    start();
}

PostgresqlServer::~PostgresqlServer() {
    stop();
}

void PostgresqlServer::make_data() const {
    std::vector<std::string> arguments = {"--pgdata=" + options_.data.string(),
                                          "--username=webhooks", "--auth=trust", "--encoding=UTF8"};
    arguments.insert(arguments.end(), options_.initdb.begin(), options_.initdb.end());
    run("initdb", std::move(arguments));
}

std::string PostgresqlServer::uri(const std::string& database_name) const {
    return "postgresql://webhooks@/" + database_name + "?host=" + options_.sockets.string();
}

std::string PostgresqlServer::run(const std::string& program,
                                  std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), programs / program);
    Ended ended = run_program(arguments, user());
    if (ended.status != 0) throw std::runtime_error(program + " failed: " + ended.output);
    return std::move(ended.output);
}

void PostgresqlServer::start() {
    std::vector<std::string> command = {programs / "postgres", "-D", options_.data,      "-k",
                                        options_.sockets,      "-c", "listen_addresses="};
    for (const std::string& setting : options_.settings) {
        command.insert(command.end(), {"-c", setting});
    }
    process_ = launch(command, log(), user());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!is_ready()) {
        if (std::chrono::steady_clock::now() > deadline || ::waitpid(process_, nullptr, WNOHANG)) {
            std::ifstream file(log());
            throw std::runtime_error("the PostgreSQL server does not start: " +
                                     std::string(std::istreambuf_iterator(file), {}));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void PostgresqlServer::stop(Shutdown how) {
    if (process_ <= 0) return;
    ::kill(process_, static_cast<int>(how));
    ::waitpid(std::exchange(process_, 0), nullptr, 0);
}

/// The server writes its process id into line 1 of its pid file, and its state into line 8.
bool PostgresqlServer::is_ready() const {
    std::ifstream file(options_.data / "postmaster.pid");
    std::string line;
    for (int i = 0; i < 8; ++i) {
        if (!std::getline(file, line)) return false;
        if (i == 0 && line != std::to_string(process_)) return false;
    }
    return line.starts_with("ready");
}

}  // namespace webhooks::testing
