// What users and operators do with subscriptions.

#include <webhooks/signature.hpp>

#include "scene.hpp"

namespace webhooks::simulation {
namespace {

using namespace std::chrono_literals;

std::string pattern(Generator& random) {
    if (random.chance(0.4)) return random.chance(0.5) ? "*" : "order.*";
    return random.pick(event_types());
}

}  // namespace

void create_subscription(Scene& scene) {
    SubscriptionDraft draft{.name = "one", .event_type = pattern(scene.random), .url = scene.url()};
    draft.is_active = scene.random.chance(0.9);
    if (scene.random.chance(0.2)) draft.filter = scene.random.pick(filters());
    if (scene.random.chance(0.1)) draft.rate_limit = scene.random.between(1, 5);
    const Principal owner = Principal::user(scene.user());
    static_cast<void>(scene.process.call([&](WebhookService& service) {
        return service.create_subscription(owner, std::move(draft));
    }));
}

/// To what happens to subscriptions: of everyone, or of one user.
void subscribe_to_operational(Scene& scene) {
    const std::string pattern = scene.random.pick(
        std::vector<std::string>{"webhook.*", "webhook.subscription.*", "webhook.event.exhausted"});
    const auto id = scene.subscription();
    if (id && scene.random.chance(0.2)) {
        // Of what happens to it from now on, none are told.
        static_cast<void>(scene.process.call([&](WebhookService& service) {
            return service.update_subscription(Scene::admin, *id, {.event_type = pattern});
        }));
        return;
    }
    SubscriptionDraft draft{.name = "operator", .event_type = pattern, .url = scene.url()};
    draft.operator_scope = scene.random.chance(0.5);
    const Principal owner = draft.operator_scope ? Scene::admin : Principal::user(scene.user());
    static_cast<void>(scene.process.call([&](WebhookService& service) {
        return service.create_subscription(owner, std::move(draft));
    }));
}

/// One that nothing is sent to.
void subscribe_reader(Scene& scene) {
    SubscriptionDraft draft{.name = "reader", .event_type = pattern(scene.random)};
    draft.delivery = Delivery::pull;
    if (scene.random.chance(0.2)) draft.event_type = "webhook.*";
    if (scene.random.chance(0.2)) draft.filter = scene.random.pick(filters());
    const Principal owner = Principal::user(scene.user());
    static_cast<void>(scene.process.call([&](WebhookService& service) {
        return service.create_subscription(owner, std::move(draft));
    }));
}

void update_subscription(Scene& scene) {
    const auto id = scene.subscription();
    if (!id) return;
    SubscriptionChange change;
    switch (scene.random.below(6)) {
        case 0:
            change.url = scene.url();
            break;
        case 1:
            change.event_type = pattern(scene.random);
            break;
        case 2:
            change.max_retry_count = scene.random.between(0, 5);
            break;
        case 3:
            change.secret = make_secret(*scene.world.library_random).value();
            break;
        case 4:
            change.filter = scene.random.chance(0.5) ? "" : scene.random.pick(filters());
            break;
        default:
            change.is_active =
                !scene.world.model.subscriptions.at(*id).current().subscription.is_active;
    }
    static_cast<void>(scene.process.call([&](WebhookService& service) {
        return service.update_subscription(Scene::admin, *id, std::move(change));
    }));
}

void rotate_secret(Scene& scene) {
    const auto id = scene.subscription();
    if (!id) return;
    const std::chrono::seconds overlap(scene.random.chance(0.3) ? 0 : scene.random.between(1, 120));
    static_cast<void>(scene.process.call([&](WebhookService& service) {
        return service.rotate_secret(Scene::admin, *id, {}, overlap);
    }));
}

void delete_subscription(Scene& scene) {
    const auto id = scene.subscription();
    if (!id) return;
    static_cast<void>(scene.process.call(
        [&](WebhookService& service) { return service.delete_subscription(Scene::admin, *id); }));
}

/// What one worker has just been told, another one may not know yet.
void change_and_publish(Scene& scene) {
    if (scene.random.chance(0.5)) {
        create_subscription(scene);
    } else {
        update_subscription(scene);
    }
    if (scene.process.is_ready()) publish(scene);
}

}  // namespace webhooks::simulation
