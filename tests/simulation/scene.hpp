#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "operation.hpp"
#include "world.hpp"

namespace webhooks::simulation {

/// Where an operation is done, and its own source of chance.
struct Scene {
    static inline const Principal admin = Principal::administrator("admin");

    World& world;
    Process& process;
    Generator random;

    std::string user() { return random.chance(0.5) ? "alice" : "bob"; }
    Principal caller() { return random.chance(0.3) ? admin : Principal::user(user()); }
    /// One that is not deleted; nothing where there is none.
    std::optional<SubscriptionId> subscription() {
        std::vector<SubscriptionId> living;
        for (const auto& [id, state] : world.model.subscriptions) {
            if (!state.current().is_deleted) living.push_back(id);
        }
        if (living.empty()) return {};
        return random.pick(living);
    }
    /// One of the latest.
    const EventState* event() {
        const auto& events = world.model.events;
        if (events.empty()) return nullptr;
        const auto back = random.below(std::min<std::size_t>(events.size(), 50));
        return &std::prev(events.end(), static_cast<std::ptrdiff_t>(back) + 1)->second;
    }
    std::string url() {
        return "https://" + std::to_string(random.between(1, 4)) + ".example.com/" +
               std::to_string(random.between(1, 1000));
    }
    Time now() { return world.storage_clock.now(); }
};

// Operations, which operation.cpp lists. publishing.cpp:
void publish(Scene& scene);
void publish_at_once(Scene& scene);
void publish_batch(Scene& scene);
void publish_again(Scene& scene);
void publish_other_content(Scene& scene);
void send_test_event(Scene& scene);
// subscribing.cpp:
void create_subscription(Scene& scene);
void subscribe_to_operational(Scene& scene);
void subscribe_reader(Scene& scene);
void update_subscription(Scene& scene);
void rotate_secret(Scene& scene);
void delete_subscription(Scene& scene);
void change_and_publish(Scene& scene);

}  // namespace webhooks::simulation
