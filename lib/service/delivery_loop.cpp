#include <service/delivery_loop.hpp>
#include <utility>

namespace webhooks::service {
namespace {

constexpr std::chrono::seconds sweep_interval{1};
/// How long delivery stands still where storage is behind with results, before it looks again.
constexpr std::chrono::milliseconds pause_without_room{10};
/// A prepared key takes about a kilobyte; past this many, all are dropped and made anew.
constexpr std::size_t max_cached_signers = 10'000;

}  // namespace

DeliveryLoop::DeliveryLoop(Parts parts, const ServiceOptions& options,
                           const SubscriptionIndex& index, Inbox& inbox, Journal& journal)
    : parts_(std::move(parts)),
      inbox_(inbox),
      journal_(journal),
      dispatcher_(options, [&index](SubscriptionId id) { return index.endpoint(id); }) {}

std::size_t DeliveryLoop::turn(SteadyTime until) {
    take_inbox();
    park_old();
    begin_attempts();
    // What has been decided without a request must not wait for one.
    parts_.transport->run(results_.size() == 0 ? until : SteadyTime::min(), *this);
    return hand_back();
}

std::size_t DeliveryLoop::finish_turn(SteadyTime until) {
    take_inbox();
    parts_.transport->run(until, *this);
    return hand_back();
}

void DeliveryLoop::abandon() {
    dispatcher_.clear();
    parts_.transport->cancel_all();
    parts_.transport->run(SteadyTime::min(), *this);
}

std::chrono::nanoseconds DeliveryLoop::idle_for() const {
    if (dispatcher_.waiting() == 0) return std::chrono::hours(1);
    if (!journal_.has_room_for_results()) return pause_without_room;
    return next_sweep_ - parts_.clock->steady_now();
}

void DeliveryLoop::take_inbox() {
    Inbox::Contents contents = inbox_.take();
    if (contents.epoch != epoch_) {
        epoch_ = contents.epoch;
        dispatcher_.clear();
        results_ = {};
    }
    const SteadyTime steady_now = parts_.clock->steady_now();
    for (HeldEvent& event : contents.events) {
        dispatcher_.add(std::move(event), steady_now);
    }
    for (const Inbox::Cancellation& cancellation : contents.cancellations) {
        auto ended =
            dispatcher_.cancel(cancellation.subscription, cancellation.event, journal_.now());
        if (ended) keep(*std::move(ended));
    }
}

void DeliveryLoop::begin_attempts() {
    if (!journal_.has_room_for_results()) return;
    const Time now = journal_.now();
    const SteadyTime steady_now = parts_.clock->steady_now();
    while (true) {
        auto next = dispatcher_.next(now, steady_now);
        if (auto* start = std::get_if<delivery::Dispatcher::Start>(&next)) {
            begin(*start);
        } else if (auto* ended = std::get_if<delivery::Dispatcher::Ended>(&next)) {
            keep(std::move(*ended));
        } else {
            return;
        }
    }
}

void DeliveryLoop::begin(const delivery::Dispatcher::Start& start) {
    ++begun_;
    if (!start.endpoint->target) {
        return fail_at_once(start.token, TransportAnswer::Kind::failed, start.endpoint->fault);
    }
    std::string id = delivery::webhook_id(start.event);
    std::string timestamp = std::to_string(
        std::chrono::floor<std::chrono::seconds>(start.sent_at).time_since_epoch().count());
    Result<std::string> signature = sign(start, id, timestamp);
    if (!signature) {
        return fail_at_once(start.token, TransportAnswer::Kind::not_sent,
                            signature.error().detail());
    }
    parts_.transport->start(start.token, {.target = start.endpoint->target,
                                          .body = start.event.message->payload,
                                          .content_type = start.event.message->content_type,
                                          .webhook_id = std::move(id),
                                          .webhook_timestamp = std::move(timestamp),
                                          .webhook_signature = *std::move(signature)});
}

void DeliveryLoop::fail_at_once(Transport::Token token, TransportAnswer::Kind kind,
                                std::string error) {
    on_answer(token, {.kind = kind, .error = std::move(error)});
}

Result<std::string> DeliveryLoop::sign(const delivery::Dispatcher::Start& start,
                                       const std::string& id, const std::string& timestamp) {
    auto cached = signers_.find(start.endpoint->id);
    if (cached == signers_.end() || cached->second.endpoint != start.endpoint) {
        Result<Signer> signer = Signer::create(start.endpoint->secret);
        if (!signer) return signer.error();
        if (signers_.size() >= max_cached_signers) signers_.clear();
        cached = signers_
                     .insert_or_assign(start.endpoint->id,
                                       CachedSigner{start.endpoint, *std::move(signer)})
                     .first;
    }
    return cached->second.signer.sign(id, timestamp, *start.event.message->payload);
}

void DeliveryLoop::on_answer(Transport::Token token, TransportAnswer answer) {
    const double chance = std::uniform_real_distribution<>()(random_);
    auto finished =
        dispatcher_.finish(token, answer, journal_.now(), parts_.clock->steady_now(), chance);
    if (auto* ended = std::get_if<delivery::Dispatcher::Ended>(&finished)) {
        keep(std::move(*ended));
    } else if (auto* park = std::get_if<Park>(&finished)) {
        parts_.observer->on_log(LogLevel::warning, "attempt put off: " + answer.error);
        results_.parks.push_back(*park);
    }
}

void DeliveryLoop::keep(delivery::Dispatcher::Ended ended) {
    const Attempt& attempt = ended.record.attempt;
    parts_.observer->on_attempt({.event = ended.record.event,
                                 .subscription = ended.subscription,
                                 .number = attempt.number,
                                 .outcome = attempt.outcome,
                                 .status_code = attempt.status_code,
                                 .duration = attempt.duration});
    results_.attempts.push_back(std::move(ended.record));
}

void DeliveryLoop::park_old() {
    const SteadyTime steady_now = parts_.clock->steady_now();
    if (steady_now < next_sweep_) return;
    next_sweep_ = steady_now + sweep_interval;
    for (const Park& park : dispatcher_.park_old(journal_.now(), steady_now)) {
        results_.parks.push_back(park);
    }
}

std::size_t DeliveryLoop::hand_back() {
    const std::size_t done = std::exchange(begun_, 0) + results_.size();
    journal_.record(epoch_, std::exchange(results_, {}));
    return done;
}

}  // namespace webhooks::service
