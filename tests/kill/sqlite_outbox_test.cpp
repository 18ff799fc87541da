// A host that publishes inside its own transactions on SQLite, and is killed around their COMMIT.

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <set>
#include <string>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <webhooks/outbox.hpp>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/webhooks.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// A process of the host. The child, which has only the thread that forked, uses only
/// async-signal-safe functions and a new connection.
class HostProcess {
public:
    /// Runs a body in a child.
    template <class Body>
    explicit HostProcess(Body body) : child_(::fork()) {
        if (child_ != 0) return;
        body();
        ::_exit(1);
    }
    HostProcess(const HostProcess&) = delete;
    HostProcess& operator=(const HostProcess&) = delete;
    ~HostProcess() { kill(); }

    void kill() {
        if (child_ > 0) ::kill(child_, SIGKILL);
        wait();
    }

    /// @return whether it was killed.
    bool wait() {
        if (child_ <= 0) return false;
        int status = 0;
        ::waitpid(child_, &status, 0);
        child_ = -1;
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }

private:
    pid_t child_;
};

class HostConnection {
public:
    explicit HostConnection(const std::string& path) {
        ::sqlite3_open(path.c_str(), &connection_);
        ::sqlite3_busy_timeout(connection_, 10'000);
    }
    HostConnection(const HostConnection&) = delete;
    HostConnection& operator=(const HostConnection&) = delete;
    ~HostConnection() { ::sqlite3_close(connection_); }

    void execute(const std::string& statement) {
        if (::sqlite3_exec(connection_, statement.c_str(), nullptr, nullptr, nullptr) !=
            SQLITE_OK) {
            throw std::runtime_error(::sqlite3_errmsg(connection_));
        }
    }

    /// An order and its event.
    void place_order(int number, const char* end = "COMMIT") {
        execute("BEGIN IMMEDIATE");
        execute("INSERT INTO shop_order VALUES (" + std::to_string(number) + ")");
        publish_in_transaction(connection_,
                               {.event_type = "order.created", .payload = std::to_string(number)})
            .value();
        if (*end != '\0') execute(end);
    }

    std::set<std::string> orders() {
        std::set<std::string> orders;
        const auto read = [](void* all, int, char** values, char**) {
            static_cast<std::set<std::string>*>(all)->insert(values[0]);
            return 0;
        };
        ::sqlite3_exec(connection_, "SELECT id FROM shop_order", read, &orders, nullptr);
        return orders;
    }

private:
    ::sqlite3* connection_ = nullptr;
};

struct KilledHostFixture {
    TemporaryFolder folder;
    const std::string path = folder.file("shop.db");
    std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();

    KilledHostFixture() {
        WebhookService service = open();
        service.register_event_type({.name = "order.created", .description = ""}).value();
        service
            .create_subscription(Principal::user("alice"), {.name = "mine",
                                                            .event_type = "order.created",
                                                            .url = "https://hooks.example.com/a"})
            .value();
        HostConnection(path).execute("CREATE TABLE shop_order (id INTEGER)");
    }

    WebhookService open() {
        return WebhookService::open(
                   {.storage = make_sqlite_storage({.path = path}).value(), .transport = transport})
            .value();
    }

    /// What a service delivers after the host has died: each body once.
    std::set<std::string> delivered() {
        WebhookService service = open();
        while (service.run_once().value() > 0) {
        }
        std::set<std::string> bodies;
        for (const OutgoingRequest& request : transport->requests()) {
            CHECK(bodies.insert(*request.body).second);
        }
        return bodies;
    }
};

}  // namespace

TEST_CASE_METHOD(KilledHostFixture, "a host that dies before its COMMIT has published nothing") {
    HostProcess host([this] {
        HostConnection connection(path);
        connection.place_order(1);
        connection.place_order(2, "");
        ::raise(SIGKILL);
    });
    REQUIRE(host.wait());
    CHECK(HostConnection(path).orders() == std::set<std::string>{"1"});
    CHECK(delivered() == std::set<std::string>{"1"});
}

TEST_CASE_METHOD(KilledHostFixture, "a host that dies after its COMMIT has published its event") {
    HostProcess host([this] {
        HostConnection connection(path);
        connection.place_order(1);
        ::raise(SIGKILL);
    });
    REQUIRE(host.wait());
    CHECK(delivered() == std::set<std::string>{"1"});
}

TEST_CASE_METHOD(KilledHostFixture,
                 "a host that is killed at any moment has published what it has committed") {
    for (int round = 0; round < 20; ++round) {
        const std::size_t before = HostConnection(path).orders().size();
        HostProcess host([&] {
            HostConnection connection(path);
            for (int number = round * 1'000'000;; ++number) {
                connection.place_order(number, number % 3 == 2 ? "ROLLBACK" : "COMMIT");
            }
        });
        // In the middle of one of the next transactions, wherever that is.
        HostConnection observer(path);
        while (observer.orders().size() < before + 3 + static_cast<std::size_t>(round % 5)) {
        }
        host.kill();
    }
    const std::set<std::string> orders = HostConnection(path).orders();
    CHECK(orders.size() >= 60);
    CHECK(delivered() == orders);
}

}  // namespace webhooks::testing
