#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

struct WarningObserver final : Observer {
    void on_log(LogLevel level, std::string_view line) override {
        if (level == LogLevel::warning) warnings.emplace_back(line);
    }
    std::vector<std::string> warnings;
};

struct DrivenFixture : ServiceFixture {
    std::shared_ptr<WarningObserver> log = std::make_shared<WarningObserver>();

    DrivenFixture() {
        observer = log;
        running.reset();
        open();
    }
};

}  // namespace

TEST_CASE_METHOD(DrivenFixture, "a service that nothing runs is not ready, and says so once") {
    subscribe();
    const Result<> ready = service().check_ready();
    REQUIRE_FALSE(ready);
    CHECK(ready.error() == Errc::unavailable);
    CHECK(ready.error().detail().find("call start()") != std::string::npos);
    CHECK(log->warnings.empty());
    // It does not wait for a thread that does not exist.
    publish();
    publish();
    REQUIRE(log->warnings.size() == 1);
    CHECK(log->warnings[0].find("start()") != std::string::npos);
}

TEST_CASE_METHOD(DrivenFixture, "run_once makes a service ready for as long as it is called") {
    settle();
    CHECK(service().check_ready());
    clock->advance(options.lease);
    CHECK(service().check_ready().error() == Errc::unavailable);
    settle();
    CHECK(service().check_ready());
    CHECK(log->warnings.empty());
}

TEST_CASE_METHOD(ServiceFixture, "a transport of a running service is not given to another one") {
    const auto open_other = [&] {
        return WebhookService::open(
            {.storage = make_memory_storage(clock), .transport = transport, .clock = clock});
    };
    const Result<WebhookService> other = open_other();
    REQUIRE_FALSE(other);
    CHECK(other.error() == Errc::invalid_argument);
    CHECK(other.error().detail() ==
          "another WebhookService uses this transport: each needs one of its own");

    WebhookService moved = std::move(service());
    running.reset();
    CHECK_FALSE(open_other());
    REQUIRE(moved.stop(0s));
    CHECK(open_other());
    CHECK(open_other());
}

TEST_CASE_METHOD(DrivenFixture, "start makes a service ready") {
    subscribe();
    service().start().value();
    CHECK(service().check_ready());
    publish();
    CHECK(log->warnings.empty());
    service().stop(0s).value();
    CHECK(service().check_ready().error() == Errc::stopped);
}

}  // namespace webhooks::testing
