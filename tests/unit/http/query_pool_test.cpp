#include <future>
#include <memory>
#include <net/query_pool.hpp>
#include <process.hpp>
#include <support/catch.hpp>
#include <utility>

using namespace webhooks::http;

namespace {

/// Does nothing when it runs; calls a function when it is destroyed.
std::function<void()> request(std::function<void()> on_destroyed) {
    return [kept = std::shared_ptr<void>(
                nullptr, [on_destroyed = std::move(on_destroyed)](void*) { on_destroyed(); })] {};
}

}  // namespace

TEST_CASE("a query pool that has stopped drops what connections post") {
    QueryPool pool;
    int dropped = 0;
    pool.start(1, &pool);
    pool.stop();
    pool.post("alice", request([&] { ++dropped; }));
    CHECK(dropped == 1);
}

TEST_CASE("a query pool takes nothing while it drops what waited") {
    QueryPool pool;
    int dropped = 0;
    const auto post_another = [&] {
        ++dropped;
        pool.post("bob", request([&] { ++dropped; }));
    };
    pool.post("alice", request(post_another));
    pool.stop();
    CHECK(dropped == 2);
}

TEST_CASE("the threads of a query pool are known as its owner's") {
    const int owner = 0;
    std::promise<std::pair<bool, bool>> found;
    QueryPool pool;
    pool.start(1, &owner);
    pool.post("alice", [&] {
        found.set_value({is_server_thread_of(&owner), is_server_thread_of(&found)});
    });
    CHECK(found.get_future().get() == std::pair(true, false));
    CHECK_FALSE(is_server_thread_of(&owner));
}
