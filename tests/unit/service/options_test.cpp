#include <functional>
#include <limits>
#include <support/catch.hpp>
#include <webhooks/options.hpp>

using namespace webhooks;
using namespace std::chrono_literals;

namespace {

std::vector<FieldError> errors_after(const std::function<void(ServiceOptions&)>& change) {
    ServiceOptions options;
    change(options);
    const auto result = options.validate();
    if (result) return {};
    return result.error().fields();
}

}  // namespace

TEST_CASE("the default options are valid") {
    CHECK(ServiceOptions().validate());
}

TEST_CASE("each option is rejected on both sides of its range, with this message") {
    using Options = ServiceOptions;
    struct Row {
        std::function<void(Options&)> change;
        const char* member;
        const char* message;
    };
    const Row rows[] = {
        {[](Options& o) { o.endpoints.allowed_hosts = {"*"}; }, "allowed_hosts",
         "must be host names, or *. and a host name for all names below it"},
        {[](Options& o) { o.catalog.title.clear(); }, "catalog.title",
         "must be 1 to 256 bytes of UTF-8 without U+0000"},
        {[](Options& o) { o.catalog.version.assign(65, '1'); }, "catalog.version",
         "must be 1 to 64 bytes of UTF-8 without U+0000"},
        {[](Options& o) { o.catalog.description = "\xFF"; }, "catalog.description",
         "must be 0 to 4096 bytes of UTF-8 without U+0000"},
        {[](Options& o) { o.retry_schedule.clear(); }, "retry_schedule",
         "is 0 pauses, must be 1 pauses to 100 pauses"},
        {[](Options& o) { o.retry_schedule.assign(101, 1s); }, "retry_schedule",
         "is 101 pauses, must be 1 pauses to 100 pauses"},
        {[](Options& o) { o.retry_schedule = {0s}; }, "retry_schedule",
         "is 0 ms, must be 1000 ms to 2592000000 ms"},
        {[](Options& o) {
             o.retry_schedule = {5s, 31 * 24h};
         },
         "retry_schedule", "is 2678400000 ms, must be 1000 ms to 2592000000 ms"},
        {[](Options& o) { o.retry_jitter = -0.1; }, "retry_jitter", "is -0.1, must be 0 to 0.5"},
        {[](Options& o) { o.retry_jitter = 0.6; }, "retry_jitter", "is 0.6, must be 0 to 0.5"},
        {[](Options& o) { o.retry_jitter = std::numeric_limits<double>::quiet_NaN(); },
         "retry_jitter", "is nan, must be 0 to 0.5"},
        {[](Options& o) { o.default_max_retry_count = -1; }, "default_max_retry_count",
         "is -1, must be 0 to 100"},
        {[](Options& o) { o.default_max_retry_count = 101; }, "default_max_retry_count",
         "is 101, must be 0 to 100"},
        {[](Options& o) { o.max_in_flight = 0; }, "max_in_flight", "is 0, must be 1 to 100000"},
        {[](Options& o) { o.max_in_flight = 100'001; }, "max_in_flight",
         "is 100001, must be 1 to 100000"},
        {[](Options& o) { o.max_in_flight_per_host = 0; }, "max_in_flight_per_host",
         "is 0, must be 1 to 100000"},
        {[](Options& o) { o.max_in_flight_per_host = 100'001; }, "max_in_flight_per_host",
         "is 100001, must be 1 to 100000"},
        {[](Options& o) { o.max_events_in_memory = 0; }, "max_events_in_memory",
         "is 0, must be 1 to 10000000"},
        {[](Options& o) { o.max_events_in_memory = 10'000'001; }, "max_events_in_memory",
         "is 10000001, must be 1 to 10000000"},
        {[](Options& o) { o.persist_after = 99ms; }, "persist_after",
         "is 99 ms, must be 100 ms to 3600000 ms"},
        {[](Options& o) { o.persist_after = 3'600'001ms; }, "persist_after",
         "is 3600001 ms, must be 100 ms to 3600000 ms"},
        {[](Options& o) { o.max_publish_queue = 0; }, "max_publish_queue",
         "is 0, must be 1 to 1000000"},
        {[](Options& o) { o.max_publish_queue = 1'000'001; }, "max_publish_queue",
         "is 1000001, must be 1 to 1000000"},
        {[](Options& o) { o.max_batch = 0; }, "max_batch", "is 0, must be 1 to 10000"},
        {[](Options& o) { o.max_batch = 10'001; }, "max_batch", "is 10001, must be 1 to 10000"},
        {[](Options& o) { o.max_events_per_commit = 0; }, "max_events_per_commit",
         "is 0, must be 1 to 100000"},
        {[](Options& o) { o.max_events_per_commit = 100'001; }, "max_events_per_commit",
         "is 100001, must be 1 to 100000"},
        {[](Options& o) { o.max_events_per_batch = 0; }, "max_events_per_batch",
         "is 0, must be 1 to 10000000"},
        {[](Options& o) { o.max_events_per_batch = 10'000'001; }, "max_events_per_batch",
         "is 10000001, must be 1 to 10000000"},
        {[](Options& o) { o.max_payload_bytes = 0; }, "max_payload_bytes",
         "is 0 bytes, must be 1 bytes to 16777216 bytes"},
        {[](Options& o) { o.max_payload_bytes = 16 * 1024 * 1024 + 1; }, "max_payload_bytes",
         "is 16777217 bytes, must be 1 bytes to 16777216 bytes"},
        {[](Options& o) { o.heartbeat_interval = 99ms; }, "heartbeat_interval",
         "is 99 ms, must be 100 ms to 3600000 ms"},
        {[](Options& o) { o.heartbeat_interval = -1ms; }, "heartbeat_interval",
         "is -1 ms, must be 100 ms to 3600000 ms"},
        {[](Options& o) { o.heartbeat_interval = 3'600'001ms, o.lease = 10h; },
         "heartbeat_interval", "is 3600001 ms, must be 100 ms to 3600000 ms"},
        {[](Options& o) { o.retention = 3599s; }, "retention",
         "is 3599 s, must be 1 h to 3660 days (87840 h), or 0 to keep all"},
        {[](Options& o) { o.retention = 3660 * 24h + 1s; }, "retention",
         "is 316224001 s, must be 1 h to 3660 days (87840 h), or 0 to keep all"},
        {[](Options& o) { o.lease = 999ms, o.heartbeat_interval = 100ms; }, "lease",
         "is 999 ms, must be 1000 ms to 36000000 ms"},
        {[](Options& o) { o.lease = 36'000'001ms; }, "lease",
         "is 36000001 ms, must be 1000 ms to 36000000 ms"},
        {[](Options& o) { o.lease = 5'999ms, o.heartbeat_interval = 2s; }, "lease",
         "must be at least three times heartbeat_interval"},
    };
    for (const Row& row : rows) {
        CHECK(errors_after(row.change) == std::vector<FieldError>{{row.member, row.message}});
    }
}

TEST_CASE("the edges of each range are valid") {
    const auto min = [](ServiceOptions& options) {
        options.retry_schedule = {1s};
        options.retry_jitter = 0;
        options.default_max_retry_count = 0;
        options.max_in_flight = options.max_in_flight_per_host = options.max_events_in_memory = 1;
        options.persist_after = options.heartbeat_interval = 100ms;
        options.retention = 1h;
        options.lease = 1s;
        options.max_publish_queue = options.max_batch = options.max_payload_bytes = 1;
        options.max_events_per_commit = options.max_events_per_batch = 1;
    };
    const auto max = [](ServiceOptions& options) {
        options.retry_schedule.assign(100, 30 * 24h);
        options.retry_jitter = 0.5;
        options.default_max_retry_count = 100;
        options.max_in_flight = options.max_in_flight_per_host = 100'000;
        options.max_events_in_memory = 10'000'000;
        options.persist_after = options.heartbeat_interval = 1h;
        options.retention = 3660 * 24h;
        options.lease = 10h;
        options.max_publish_queue = 1'000'000;
        options.max_batch = 10'000;
        options.max_events_per_commit = 100'000;
        options.max_events_per_batch = 10'000'000;
        options.max_payload_bytes = 16 * 1024 * 1024;
    };
    CHECK(errors_after(min).empty());
    CHECK(errors_after(max).empty());
}

TEST_CASE("all wrong options are named together") {
    const auto errors = errors_after([](ServiceOptions& options) {
        options.max_batch = 0;
        options.retry_jitter = 2;
    });
    CHECK(errors == std::vector<FieldError>{{"retry_jitter", "is 2, must be 0 to 0.5"},
                                            {"max_batch", "is 0, must be 1 to 10000"}});
}
