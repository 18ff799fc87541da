#include <fcntl.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/webhooks.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

const Principal in_child = Principal::user("alice");

struct Pipe {
    Pipe() { REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0); }
    ~Pipe() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    void tell(char what) const { REQUIRE(::write(ends[1], &what, 1) == 1); }
    char hear() const {
        char what = 0;
        return ::read(ends[0], &what, 1) == 1 ? what : '\0';
    }
    std::array<int, 2> ends{};
};

Result<WebhookService> open_service(const std::string& path) {
    Result<std::shared_ptr<Storage>> storage = make_sqlite_storage({.path = path});
    if (!storage) return storage.error();
    return WebhookService::open(
        {.storage = *std::move(storage), .transport = std::make_shared<FakeTransport>()});
}

int exit_status(pid_t child) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Runs `body` in a child process; its result is the exit status. The child is killed if it hangs.
template <class Body>
pid_t fork_child(Body body) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(60);
        ::_exit(body());
    }
    return child;
}

}  // namespace

TEST_CASE("a child that outlives its parent holds none of its locks") {
    const TemporaryFolder folder;
    const std::string path = folder.file("webhooks.db");
    const bool is_other_program = GENERATE(false, true);
    const Pipe is_open;
    const Pipe parent_may_end;
    const Pipe child_may_end;
    const pid_t parent = fork_child([&] {
        Result<WebhookService> service = open_service(path);
        if (!service || !service->start()) return 1;
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(60);
            if (is_other_program) {
                // It lives until the pipe is closed.
                ::dup2(child_may_end.ends[0], STDIN_FILENO);
                ::execl("/bin/cat", "cat", nullptr);
                ::_exit(127);
            }
            ::close(child_may_end.ends[1]);
            child_may_end.hear();
            ::_exit(0);
        }
        is_open.tell(child > 0 ? 'y' : 'n');
        parent_may_end.hear();
        return 0;
    });
    REQUIRE(is_open.hear() == 'y');
    CHECK(open_service(path).error() == Errc::locked);
    parent_may_end.tell('x');
    REQUIRE(exit_status(parent) == 0);
    CHECK(open_service(path));
}

TEST_CASE("in a child process a service says that it belongs to the parent, and does not hang") {
    const TemporaryFolder folder;
    const std::string path = folder.file("webhooks.db");
    Result<WebhookService> service = open_service(path);
    REQUIRE(service);
    if (GENERATE(false, true)) service->start().value();
    const pid_t child = fork_child([&] {
        const auto is_rejected = [](const auto& result) {
            return !result && result.error() == Errc::invalid_state;
        };
        int failures = 0;
        failures += !is_rejected(service->publish(in_child, {.event_type = "a", .payload = ""}));
        failures += !is_rejected(service->subscriptions(in_child));
        failures += !is_rejected(service->check_ready());
        failures += !is_rejected(service->run_once());
        failures += !is_rejected(service->stop(10s));
        service->async_publish(
            in_child, {.event_type = "a", .payload = ""},
            [&](const Result<PublishReceipt>& receipt) { failures += !is_rejected(receipt); });
        // SQLite would rely on the parent's locks, and may wait for one of its mutexes.
        failures += !is_rejected(open_service(path));
        failures += !is_rejected(open_service(folder.file("other.db")));
        service = Error(Errc::stopped, "destroyed");
        return failures;
    });
    CHECK(exit_status(child) == 0);
    // The parent's service is unaffected, and still holds its lock.
    CHECK(service->register_event_type({.name = "a.b", .description = ""}));
    CHECK(open_service(path).error() == Errc::locked);
    CHECK(service->stop(0s));
}

TEST_CASE("in a child process of one whose services have ended a service opens") {
    const TemporaryFolder folder;
    const std::string path = folder.file("webhooks.db");
    Result<WebhookService> service = open_service(path);
    REQUIRE(service);
    service->start().value();
    service->stop(0s).value();
    service = Error(Errc::stopped, "destroyed");
    const pid_t child = fork_child([&] { return open_service(path) ? 0 : 1; });
    CHECK(exit_status(child) == 0);
}

TEST_CASE("a storage says that an SQLite for one thread cannot be used") {
    const TemporaryFolder folder;
    const pid_t child = fork_child([&] {
        if (sqlite_api::sqlite3_shutdown() != SQLITE_OK) return 1;
        if (sqlite_api::sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK) return 2;
        return open_service(folder.file("webhooks.db")).error() == Errc::unsupported ? 0 : 3;
    });
    CHECK(exit_status(child) == 0);
}

TEST_CASE("what a service opens is closed by exec") {
    const TemporaryFolder folder;
    Result<WebhookService> service = open_service(folder.file("webhooks.db"));
    REQUIRE(service);
    service->start().value();
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const int descriptor = std::stoi(entry.path().filename());
        std::error_code ignored;
        const std::string target = std::filesystem::read_symlink(entry.path(), ignored);
        if (target.find(folder.path()) == std::string::npos) continue;
        INFO(target);
        CHECK((::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);
    }
}

}  // namespace webhooks::testing
