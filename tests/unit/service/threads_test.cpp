#include <csignal>
#include <string>
#include <support/threads.hpp>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {
TEST_CASE_METHOD(ServiceFixture,
                 "a service's threads have names and take no signal of the host's") {
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
    // The caller's own mask is as it was.
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    CHECK(sigismember(&mask, SIGTERM) == 0);
}

}  // namespace webhooks::testing
