#include <algorithm>
#include <charconv>
#include <webhooks/version.hpp>
#include <webhooks/webhook_service.hpp>

#include "answers.hpp"
#include "documents.hpp"
#include "operations.hpp"
#include "query.hpp"

namespace webhooks::http {
namespace {

void write_queue(json::Writer& writer, const Overview& overview, const WorkerTotals& totals) {
    const StorageSample& sample = overview.sample;
    const auto age = sample.oldest_due ? overview.now - *sample.oldest_due : Time::duration::zero();
    writer.key("queue")
        .begin_object()
        .member("due", sample.due)
        .member("scheduled", sample.scheduled)
        .member("inFlight", totals.in_flight)
        .member("inMemory", totals.in_memory)
        .member("reserved", sample.reserved)
        .member("oldestDueSeconds", std::chrono::duration<double>(age).count())
        .end_object();
}

void write_rates(json::Writer& writer, const Rates& rates) {
    writer.begin_object()
        .member("published", rates.published)
        .member("attempts", rates.attempts)
        .member("delivered", rates.delivered)
        .member("failed", rates.failed)
        .end_object();
}

void write_worker(json::Writer& writer, const WorkerState& worker) {
    const auto of_report = [&](auto member) {
        return worker.report ? std::optional((*worker.report).*member) : std::nullopt;
    };
    writer.begin_object()
        .member("id", worker.id.value)
        .member("host", of_report(&WorkerReport::host))
        .member("version", of_report(&WorkerReport::version))
        .member("startedAt", format_time(worker.started_at))
        .member("heartbeatAt", format_time(worker.heartbeat_at))
        .member("isLive", worker.is_live)
        .member("inFlight", of_report(&WorkerReport::in_flight))
        .member("inMemory", of_report(&WorkerReport::in_memory))
        .end_object();
}

void write_storage(json::Writer& writer, const StorageInfo& storage) {
    writer.begin_object().member("kind", storage.kind);
    if (storage.schema_version) writer.member("schemaVersion", *storage.schema_version);
    if (storage.bytes) writer.member("bytes", *storage.bytes);
    if (storage.partitions) writer.member("partitions", *storage.partitions);
    writer.end_object();
}

void write_overview(json::Writer& writer, const Overview& overview) {
    const StorageSample& sample = overview.sample;
    const WorkerTotals totals = totals_of(overview.workers);
    writer.begin_object();
    writer.key("subscriptions")
        .begin_object()
        .member("active", sample.active)
        .member("inactive", sample.inactive)
        .member("failing", sample.failing)
        .member("paused", sample.paused)
        .end_object();
    writer.member("users", overview.users);
    write_queue(writer, overview, totals);
    write_rates(writer.key("perSecond"), totals.per_second);
    writer.key("workers").begin_array();
    for (const WorkerState& worker : overview.workers)
        write_worker(writer, worker);
    writer.end_array();
    write_storage(writer.key("storage"), overview.storage);
    writer.member("version", WEBHOOKS_VERSION).end_object();
}

/// @return 0, which the service rejects, for what is no number.
std::size_t read_take(const QueryParameters& parameters, FieldErrors& errors) {
    constexpr std::size_t default_take = 100;
    const std::optional<std::string> text = parameters.find("take", "", errors);
    if (!text) return default_take;
    std::size_t take = 0;
    const char* const end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, take);
    return error == std::errc() && stop == end ? take : 0;
}

}  // namespace

Result<Response> get_overview(WebhookService& service, const Call& call) {
    const auto overview = service.overview(call.caller);
    if (!overview) return overview.error();
    json::Writer writer;
    write_overview(writer.begin_object().key("overview"), *overview);
    return success(writer, "The state of this installation.");
}

Result<Response> list_users(WebhookService& service, const Call& call) {
    const QueryParameters parameters(call.query);
    FieldErrors errors;
    reject_empty(parameters, {"after", "take"}, errors);
    const std::size_t take = read_take(parameters, errors);
    const std::string after = parameters.find("after", "", errors).value_or("");
    if (!errors.empty()) return Error(std::move(errors));
    const auto users = service.users(call.caller, after, take);
    if (!users) return users.error();
    json::Writer writer;
    writer.begin_object().key("users").begin_array();
    for (const UserSummary& user : *users) {
        writer.begin_object()
            .member("userId", user.user_id)
            .member("subscriptions", user.subscriptions)
            .member("active", user.active)
            .member("failing", user.failing)
            .member("waiting", user.waiting)
            .end_object();
    }
    writer.end_array();
    return success(writer, std::to_string(users->size()) + " users.");
}

}  // namespace webhooks::http
