#include <chrono>
#include <service/storage_health.hpp>
#include <string>

namespace webhooks::service {
namespace {

/// After a failed call, storage is not called again for this long.
constexpr std::chrono::milliseconds pause_after_failure{500};

}  // namespace

bool StorageHealth::note_storage_result(const Result<>& result, std::string_view call) {
    is_healthy_ = result.has_value();
    if (result) return true;
    if (result.error() == Errc::fenced) {
        has_lost_identity_ = true;
    } else {
        block();
        rejection_ = "storage does not respond (" + result.error().detail() + "); try again later";
    }
    log(LogLevel::error, std::string(call) + ": " + result.error().to_string(),
        LogEvent::storage_unavailable);
    return false;
}

void StorageHealth::block() {
    blocked_until_ = clock_->steady_now() + pause_after_failure;
    rejection_.clear();
}

const char* StorageHealth::rejection() const noexcept {
    return rejection_.empty() ? "storage does not respond; try again later" : rejection_.c_str();
}

void StorageHealth::set_identity(WorkerId worker) noexcept {
    worker_ = worker;
    has_lost_identity_ = false;
}

void StorageHealth::log(LogLevel level, std::string_view line, LogEvent event) const {
    observer_->on_record({.level = level, .event = event, .message = line, .worker = worker_});
}

}  // namespace webhooks::service
