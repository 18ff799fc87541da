#pragma once

#include <delivery/dispatcher.hpp>
#include <memory>
#include <optional>
#include <string>
#include <support/catch.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

namespace webhooks::delivery {

/// A dispatcher with an endpoint for every subscription, each on its own host.
struct DispatcherBench : Endpoints {
    explicit DispatcherBench(ServiceOptions chosen = {}) : options(std::move(chosen)) {
        options.retry_jitter = 0;
    }

    std::shared_ptr<const Endpoint> endpoint(SubscriptionId id) const override {
        ++lookups;
        std::shared_ptr<Endpoint>& made = endpoints[id.value];
        if (!made) {
            made = std::make_shared<Endpoint>();
            made->id = id;
            made->revision = 1;
            made->is_active = true;
            made->max_retry_count = 9;
            made->target = std::make_shared<Target>(Target{
                .url = EndpointUrl::parse("https://h" + std::to_string(id.value) + ".example.com/")
                           .value(),
                .headers = {},
                .policy = {}});
        }
        return made;
    }
    std::uint64_t changes() const noexcept override { return change_count; }

    HeldEvent event(std::int64_t id, std::int64_t subscription) {
        auto message = std::make_shared<Message>();
        message->payload = std::make_shared<const std::string>("{}");
        message->expires_at = expires_at;
        return {.id = {id}, .subscription = {subscription}, .message = std::move(message)};
    }

    void add(std::int64_t subscription, int count) {
        for (int i = 0; i < count; ++i)
            dispatcher.add(event(++last_event, subscription), now);
    }

    std::vector<Dispatcher::Start> begin_all() {
        std::vector<Dispatcher::Start> begun;
        while (auto start = dispatcher.next(now))
            begun.push_back(*std::move(start));
        return begun;
    }

    void finish(const Dispatcher::Start& start, TransportAnswer answer) {
        CHECK(dispatcher.finish(start.token, answer, now, 0.5));
    }

    void pass(std::chrono::microseconds time) {
        now.time += time;
        now.steady += time;
    }

    static TransportAnswer status(int code) {
        return {.kind = TransportAnswer::Kind::answered, .status_code = code};
    }

    ServiceOptions options;
    std::optional<Time> expires_at;
    mutable std::unordered_map<std::int64_t, std::shared_ptr<Endpoint>> endpoints;
    mutable int lookups = 0;
    std::uint64_t change_count = 0;  ///< Of `endpoints`, after a queue has been made.
    Now now{.time = Time(std::chrono::hours(500'000)),
            .steady = SteadyTime(std::chrono::seconds(1000))};
    std::int64_t last_event = 0;
    MemoryBudget budget{options};
    Dispatcher dispatcher{options, budget, *this};
};

}  // namespace webhooks::delivery
