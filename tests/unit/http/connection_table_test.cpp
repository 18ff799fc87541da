#include <net/connection_table.hpp>
#include <net/response_budget.hpp>
#include <support/catch.hpp>

using namespace webhooks::http;
using namespace std::chrono_literals;
using TimePoint = std::chrono::steady_clock::time_point;

namespace {

class FakeConnection final : public Connection {
public:
    FakeConnection(bool is_authenticated, TimePoint last_active)
        : is_authenticated_(is_authenticated), last_active_(last_active) {}

    void finish() override {}
    void close() override {}
    bool is_authenticated() const noexcept override { return is_authenticated_; }
    TimePoint last_active() const noexcept override { return last_active_; }

private:
    bool is_authenticated_;
    TimePoint last_active_;
};

std::shared_ptr<FakeConnection> connection(bool is_authenticated, std::chrono::seconds active) {
    return std::make_shared<FakeConnection>(is_authenticated, TimePoint(active));
}

}  // namespace

TEST_CASE("when all are in use, the connection without credentials idle longest is closed") {
    ConnectionTable table(3, 10);
    const auto known = connection(true, 1s), older = connection(false, 2s),
               newer = connection(false, 3s);
    for (const auto& one : {newer, known, older}) {
        CHECK_FALSE(table.is_full());
        table.add(one, "192.0.2.1");
    }
    CHECK(table.is_full());
    CHECK(table.evict() == older);
    CHECK_FALSE(table.is_full());
    CHECK(table.evict() == newer);
    CHECK(table.evict() == nullptr);
    table.remove(known.get());
    table.remove(older.get());
    CHECK(table.is_empty());
}

TEST_CASE("the connections of an address are limited, and those of loopback are not") {
    ConnectionTable table(100, 2);
    const auto first = connection(false, 1s);
    table.add(first, "192.0.2.1");
    CHECK(table.may_add("192.0.2.1"));
    table.add(connection(false, 2s), "192.0.2.1");
    CHECK_FALSE(table.may_add("192.0.2.1"));
    CHECK(table.may_add("192.0.2.2"));
    table.remove(first.get());
    CHECK(table.may_add("192.0.2.1"));
    for (const char* address : {"127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"}) {
        for (int i = 0; i < 3; ++i)
            table.add(connection(false, 3s), address);
        CHECK(table.may_add(address));
    }
}

TEST_CASE("the bytes of waiting responses are limited in total") {
    ResponseBudget budget(10);
    CHECK(budget.take(6));
    CHECK_FALSE(budget.take(5));
    CHECK(budget.take(4));
    budget.release(6);
    CHECK(budget.take(6));
    CHECK_FALSE(budget.take(SIZE_MAX));
    CHECK_FALSE(budget.take(1));
}
