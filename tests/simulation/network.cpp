#include "network.hpp"

#include <algorithm>

#include "checks.hpp"
#include "world.hpp"

namespace webhooks::simulation {

WebhookId parse_webhook_id(const std::string& text) {
    const std::size_t line = text.find('_');
    if (line == std::string::npos) return {};
    return {.tag = text.substr(0, line), .event = std::stoll(text.substr(line + 1))};
}

std::optional<TransportAnswer> Network::receive(Process& process, const OutgoingRequest& request,
                                                Micros latency) {
    ++world_.statistics.requests;
    const auto found = world_.model.events.find({parse_webhook_id(request.webhook_id).event});
    if (found == world_.model.events.end())
        world_.fail("a request tells of no event: " + request.webhook_id);
    EventState& event = found->second;
    world_.trace("process " + std::to_string(process.index) + " sends " + request.webhook_id +
                 " of subscription " + std::to_string(event.subscription.value));
    check(Arrival{.world = world_, .process = process, .request = request, .event = event});
    TransportAnswer answer = decide();
    world_.trace("is answered " + text_of(answer) + " after " + std::to_string(latency.count()));
    note(process, request, event, answer, latency);
    return answer;
}

void Network::note(Process& process, const OutgoingRequest& request, EventState& event,
                   const TransportAnswer& answer, Micros latency) {
    const auto& versions = world_.model.subscriptions.at(event.subscription).versions;
    RequestState state{
        .process = process.index,
        .identity = process.identity,
        .started = world_.now,
        .version = must_know(world_, process, versions.back().since) ? versions.size() : 0};
    if (answer.kind == TransportAnswer::Kind::answered) state.status = answer.status_code;
    if (!answer.retry_after.empty()) {
        state.asked_pause = std::min<Micros>(std::chrono::seconds(std::stoi(answer.retry_after)),
                                             world_.config.options.max_retry_after);
    }
    event.requests.push_back(state);

    using Answer = Traffic::Request::Answer;
    const SteadyTime now = process.clock().steady_now();
    process.traffic().start({.identity = process.identity,
                             .subscription = event.subscription,
                             .is_test = is_test(world_.model.publications.at(event.publication)),
                             .host = std::string(request.target->url.authority()),
                             .version = state.version,
                             .answered_at = now + latency,
                             .answer = answer.kind == TransportAnswer::Kind::not_sent ? Answer::none
                                       : state.status.value_or(0) / 100 == 2 ? Answer::success
                                                                             : Answer::failure},
                            versions.back().subscription.rate_limit, now);
}

Micros Network::latency() {
    return world_.random.between(Micros(0), world_.config.answer_latency);
}

std::string Network::text_of(const TransportAnswer& answer) {
    if (answer.kind != TransportAnswer::Kind::answered) return answer.error;
    const std::string status = std::to_string(answer.status_code);
    return answer.retry_after.empty() ? status : status + ", Retry-After: " + answer.retry_after;
}

TransportAnswer Network::decide() {
    using Kind = TransportAnswer::Kind;
    const Faults& faults = world_.config.faults;
    Generator& random = world_.random;
    if (world_.has_faults && random.chance(faults.request_not_sent)) {
        return {.kind = Kind::not_sent, .error = "no ports are left"};
    }
    if (!world_.has_faults || !random.chance(faults.request_fails)) {
        return {.kind = Kind::answered, .status_code = random.chance(0.1) ? 204 : 200};
    }
    if (random.chance(0.2)) return {.kind = Kind::failed, .error = "connection refused"};
    if (random.chance(0.01)) return {.kind = Kind::answered, .status_code = 410};
    if (random.chance(0.2)) {
        return {.kind = Kind::answered,
                .status_code = random.chance(0.5) ? 429 : 503,
                .retry_after = std::to_string(random.between(0, 60))};
    }
    return {.kind = Kind::answered, .status_code = random.chance(0.5) ? 500 : 404};
}

}  // namespace webhooks::simulation
