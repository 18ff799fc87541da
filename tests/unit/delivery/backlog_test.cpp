#include <delivery/backlog.hpp>
#include <support/catch.hpp>

namespace webhooks::delivery {
namespace {

Backlog backlog_of(int events) {
    Backlog backlog;
    for (int i = 0; i < events; ++i) {
        backlog.add();
    }
    return backlog;
}

}  // namespace

TEST_CASE("a backlog is read back by one request at a time") {
    Backlog backlog = backlog_of(5);
    CHECK(backlog.size() == 5);
    CHECK_FALSE(backlog.is_requested());
    CHECK(backlog.has_more());
    CHECK(backlog.request(3) == 3);
    CHECK(backlog.is_requested());
    CHECK(backlog.has_more());
    CHECK(backlog.receive(3, 3) == 3);
    CHECK(backlog.size() == 2);
    CHECK(backlog.request(10) == 2);
    CHECK_FALSE(backlog.has_more());
    CHECK(backlog.receive(2, 2) == 2);
    CHECK(backlog.size() == 0);
}

TEST_CASE("a request that storage shortened leaves the rest in the backlog") {
    Backlog backlog = backlog_of(5);
    REQUIRE(backlog.request(4) == 4);
    CHECK(backlog.receive(2, 2) == 4);
    CHECK(backlog.size() == 3);
    CHECK_FALSE(backlog.is_requested());
}

TEST_CASE("fewer events than requested mean that only what was added since is left") {
    Backlog backlog = backlog_of(5);
    REQUIRE(backlog.request(4) == 4);
    backlog.add();
    CHECK(backlog.receive(1, 4) == 4);
    CHECK(backlog.size() == 1);
}

TEST_CASE("a cleared backlog is empty") {
    Backlog backlog = backlog_of(5);
    REQUIRE(backlog.request(4) == 4);
    backlog.clear();
    CHECK(backlog.size() == 0);
    CHECK_FALSE(backlog.is_requested());
}

}  // namespace webhooks::delivery
