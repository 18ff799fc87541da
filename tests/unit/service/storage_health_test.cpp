#include <optional>
#include <service/storage_health.hpp>
#include <support/catch.hpp>
#include <vector>
#include <webhooks/testing/manual_clock.hpp>

namespace webhooks::service {
namespace {

using namespace std::chrono_literals;

struct RecordingObserver final : Observer {
    void on_record(const LogRecord& record) override {
        lines.emplace_back(record.message);
        workers.push_back(record.worker);
    }
    std::vector<std::string> lines;
    std::vector<std::optional<WorkerId>> workers;
};

struct StorageHealthFixture {
    static Result<> failed(Errc code) { return Error(code, "why"); }

    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    std::shared_ptr<RecordingObserver> observer = std::make_shared<RecordingObserver>();
    StorageHealth health{clock, observer};
};

}  // namespace

TEST_CASE_METHOD(StorageHealthFixture,
                 "after a failed call storage is not called for half a second") {
    CHECK_FALSE(health.is_blocked());
    CHECK_FALSE(health.note_storage_result(failed(Errc::unavailable), "writing"));
    CHECK(health.is_blocked());
    CHECK(health.blocked_until() == clock->steady_now() + 500ms);
    clock->advance(500ms - 1us);
    CHECK(health.is_blocked());
    clock->advance(1us);
    CHECK_FALSE(health.is_blocked());
    CHECK_FALSE(health.has_lost_identity());
}

TEST_CASE_METHOD(StorageHealthFixture, "storage is healthy if the latest call succeeded") {
    CHECK(health.is_healthy());
    health.note_storage_result(failed(Errc::unavailable), "writing");
    CHECK_FALSE(health.is_healthy());
    CHECK(health.note_storage_result(Result<int>(1), "reading"));
    CHECK(health.is_healthy());
}

TEST_CASE_METHOD(StorageHealthFixture,
                 "a worker that another one took over registers again at once") {
    health.set_identity({7});
    health.note_storage_result(failed(Errc::fenced), "heartbeat");
    CHECK(health.has_lost_identity());
    CHECK_FALSE(health.is_blocked());
    health.set_identity({8});
    CHECK_FALSE(health.has_lost_identity());
}

TEST_CASE_METHOD(StorageHealthFixture, "each failure is logged with its call, reason and worker") {
    health.set_identity({7});
    health.note_storage_result(failed(Errc::unavailable), "heartbeat");
    health.note_storage_result(Result<>(), "heartbeat");
    REQUIRE(observer->lines.size() == 1);
    CHECK(observer->lines[0].starts_with("heartbeat: "));
    CHECK(observer->lines[0].find("why") != std::string::npos);
    CHECK(observer->workers[0] == WorkerId{7});
}

}  // namespace webhooks::service
