#include "process.hpp"

#include "audit_storage.hpp"
#include "seam_storage.hpp"
#include "shortage.hpp"
#include "world.hpp"

namespace webhooks::simulation {

Process::Busy::Busy(Process& process) : process_(process) {
    process_.is_busy_ = true;
}

Process::Busy::~Busy() {
    process_.is_busy_ = false;
    if (process_.is_dead_) process_.bury();
}

Process::Process(World& world, int number) : index(number), world_(world) {}

/// The world ends: nothing that the service still does has an effect.
Process::~Process() {
    is_dead_ = true;
    if (service_) static_cast<void>(service_->abandon());
}

Micros Process::wake() const {
    if (is_busy_) return Micros::max();
    if (!service_) return std::max(starts_at_, world_.now);
    const Result<SteadyTime> wake = service_->next_wake();
    if (!wake) world_.fail("a running service does not say when it is to be called");
    return clock_->world_time_of(*wake);
}

void Process::turn() {
    if (!service_) return start();
    const Busy busy(*this);
    const Result<std::size_t> done = run_once();
    if (!done) world_.trace("run_once: " + done.error().to_string());
    const bool is_idle = done && *done == 0 && !is_dead_;
    if (!is_idle) idle_turns_ = 0;
    if (is_idle && clock_->world_time_of(service_->next_wake().value()) <= world_.now &&
        ++idle_turns_ > 100) {
        world_.fail("a service asks to be called again and again, and does nothing");
    }
    if (++turns_ % 16 == 0) check_memory();
}

/// Not at each turn: it takes as long as a turn.
void Process::check_memory() {
    const auto limit = static_cast<double>(world_.config.options.max_events_in_memory);
    if (metric("webhooks_events_in_memory").value_or(0) > limit) {
        world_.fail("a service has more events in memory than it may have");
    }
}

std::optional<double> Process::metric(std::string_view name) const {
    if (!service_ || is_dead_) return {};
    for (const MetricFamily& family : service_->metrics().value()) {
        if (family.name == name) return family.samples.front().value;
    }
    world_.fail("there is no metric " + std::string(name));
}

Result<std::size_t> Process::run_once() {
    if (!world_.has_faults || !world_.random.chance(world_.config.faults.no_memory)) {
        return call_service();
    }
    const Shortage shortage(static_cast<long>(world_.random.below(300)));
    Result<std::size_t> done = call_service();
    if (!Shortage::has_struck()) return done;
    const Plenty plenty;
    ++world_.statistics.out_of_memory;
    world_.trace("process " + std::to_string(index) + " was short of memory");
    traffic_ = {};
    note_trouble();
    return done;
}

Result<std::size_t> Process::call_service() {
    try {
        Result<std::size_t> done = service_->run_once();
        const Plenty plenty;
        traffic_.take_answers(identity, clock_->steady_now(), world_.now);
        return done;
    } catch (const Violation&) {
        throw;
    } catch (const std::exception& thrown) {
        const Plenty plenty;
        world_.fail(std::string("a service throws: ") + thrown.what());
    }
}

void Process::start() {
    const Busy busy(*this);
    const Faults& faults = world_.config.faults;
    Generator& random = world_.random;
    clock_ = std::make_shared<DriftingClock>(world_.now, random.between(-faults.skew, faults.skew),
                                             random.between(-faults.drift_ppm, faults.drift_ppm));
    auto transport = std::make_shared<testing::FakeTransport>(
        clock_, [this](SteadyTime until) { world_.run_until(clock_->world_time_of(until)); });
    transport->respond([this](const OutgoingRequest& request) { return receive(request); });
    transport->answer_after([this](const OutgoingRequest&) { return latency_; });
    traffic_ = {};
    time_error.reset();
    world_.trace("process " + std::to_string(index) + " starts");
    Result<std::shared_ptr<Storage>> database = world_.database->open();
    if (!database) {
        starts_at_ = world_.now + std::chrono::seconds(1);
        return;
    }
    storage_ = std::make_shared<SeamStorage>(
        world_, *this, std::make_shared<AuditStorage>(world_, *this, *std::move(database)));
    Result<WebhookService> opened = WebhookService::open({.storage = storage_,
                                                          .transport = transport,
                                                          .clock = clock_,
                                                          .random = world_.library_random},
                                                         world_.config.options);
    note_trouble();
    if (opened) {
        service_.emplace(*std::move(opened));
    } else {
        storage_.reset();
        starts_at_ = world_.now + std::chrono::seconds(1);
    }
}

std::optional<TransportAnswer> Process::receive(const OutgoingRequest& request) {
    const Plenty plenty;
    const TransportAnswer none{.kind = TransportAnswer::Kind::not_sent, .error = "it is dead"};
    if (is_dead_) return none;
    // What it takes for in flight is unknown.
    if (Shortage::has_struck()) traffic_ = {};
    const bool crashes =
        world_.has_faults && world_.random.chance(world_.config.faults.crash_at_request);
    if (crashes && world_.random.chance(0.5)) {
        crash("before a request");
        return none;
    }
    latency_ = world_.network.latency();
    std::optional<TransportAnswer> answer = world_.network.receive(*this, request, latency_);
    if (crashes) crash("after a request");
    return answer;
}

void Process::crash(const char* where) {
    ++world_.statistics.crashes;
    world_.trace("process " + std::to_string(index) + " crashes " + where);
    is_dead_ = true;
}

void Process::bury() {
    if (service_) static_cast<void>(service_->abandon());
    service_.reset();
    storage_.reset();
    is_dead_ = false;
    starts_at_ = world_.now + world_.random.between(Micros(0), world_.config.restart_after);
}

void Process::stop(Micros drain) {
    {
        const Busy busy(*this);
        ++world_.statistics.stops;
        world_.trace("process " + std::to_string(index) + " stops");
        static_cast<void>(
            service_->stop(std::chrono::duration_cast<std::chrono::milliseconds>(drain)));
    }
    if (!service_) return;  // It crashed as it stopped.
    service_.reset();
    storage_.reset();
    starts_at_ = world_.now + world_.random.between(Micros(0), world_.config.restart_after);
}

void Process::notify() {
    if (storage_ && !is_dead_) storage_->notify();
}

void Process::note_trouble() {
    latest_trouble_ = world_.now;
}

}  // namespace webhooks::simulation
