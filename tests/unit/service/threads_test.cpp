#include <atomic>
#include <csignal>
#include <functional>
#include <mutex>
#include <string>
#include <support/threads.hpp>
#include <thread>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

void run_in_threads(int count, const std::function<void()>& work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i)
        threads.emplace_back(work);
    for (std::thread& thread : threads)
        thread.join();
}

}  // namespace

TEST_CASE_METHOD(ServiceFixture,
                 "a service's threads have names and receive no signal of the host") {
    const auto before = threads_of_this_process();
    REQUIRE(service().start());
    std::vector<std::string> names;
    for (const auto& [id, thread] : threads_of_this_process()) {
        if (before.contains(id)) continue;
        names.push_back(thread.name);
        CHECK(blocks(thread, SIGTERM));
        CHECK(blocks(thread, SIGUSR1));
        CHECK(blocks(thread, SIGCHLD));
    }
    std::sort(names.begin(), names.end());
    CHECK(names == std::vector<std::string>{"webhooks-send", "webhooks-store"});
    // The caller's own mask is unchanged.
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    CHECK(sigismember(&mask, SIGTERM) == 0);
}

TEST_CASE_METHOD(ServiceFixture, "several threads may drive one service at once") {
    const Subscription subscription = subscribe();
    std::vector<EventId> ids;
    for (int i = 0; i < 200; ++i)
        ids.push_back(publish());
    std::atomic<int> failures = 0;
    run_in_threads(3, [&] {
        for (int i = 0; i < 200; ++i) {
            failures += service().run_once() ? 0 : 1;
            failures += service().next_wake() ? 0 : 1;
        }
    });
    CHECK(failures == 0);
    settle();
    CHECK(transport->requests().size() == ids.size());
    for (const EventId id : ids)
        CHECK(event(subscription.id, id).is_success);
}

TEST_CASE_METHOD(ServiceFixture,
                 "several threads may stop one service at once, and publish meanwhile") {
    const Subscription subscription = subscribe();
    REQUIRE(service().start());
    std::mutex mutex;
    std::vector<EventId> accepted;
    std::atomic<int> threads_that_stop = 3;
    std::atomic<int> failures = 0;
    std::atomic<int> published = 0;
    run_in_threads(6, [&] {
        if (--threads_that_stop >= 0) {
            while (published < 50)
                std::this_thread::yield();
            failures += service().stop(0s) ? 0 : 1;
            return;
        }
        for (int i = 0; i < 300; ++i) {
            const auto receipt =
                service().publish(alice, {.event_type = "order.created", .payload = "{}"});
            if (!receipt) {
                failures += receipt.error() == Errc::stopped ? 0 : 1;
                return;
            }
            ++published;
            const std::lock_guard lock(mutex);
            accepted.push_back(receipt->event_ids.at(0));
        }
    });
    CHECK(failures == 0);
    running.reset();
    open();
    settle();
    for (const EventId id : accepted)
        CHECK(event(subscription.id, id).is_success);
}

}  // namespace webhooks::testing
