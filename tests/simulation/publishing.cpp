// What clients publish.

#include "scene.hpp"

namespace webhooks::simulation {
namespace {

using namespace std::chrono_literals;

PublicationState& new_publication(Scene& scene) {
    Model& model = scene.world.model;
    const int number = static_cast<int>(model.publications.size()) + 1;
    const std::size_t size = scene.random.chance(0.3) ? scene.random.below(1500) : 0;
    PublicationState state{.number = number, .caller = scene.caller(), .publication = {}};
    state.publication.event_type = scene.random.pick(event_types());
    state.publication.payload = "{\"n\":" + std::to_string(number) + ",\"kind\":\"" +
                                parity_of(number) + "\",\"x\":\"" + std::string(size, 'x') + "\"}";
    if (state.caller.is_administrator() && scene.random.chance(0.5)) {
        state.publication.user_id = scene.user();
    }
    if (scene.random.chance(0.25)) {
        state.publication.deliver_at =
            scene.now() +
            scene.random.between(Micros(-1s), Micros(scene.random.chance(0.7) ? 3s : 90s));
    }
    // Some wait for longer than what has ended is kept.
    if (scene.world.config.options.retention > 0s && scene.random.chance(0.02)) {
        state.publication.deliver_at = scene.now() + 2h;
    }
    if (scene.random.chance(0.1)) {
        state.publication.expires_at =
            std::max(scene.now(), state.publication.deliver_at.value_or(Time::min())) +
            scene.random.between(Micros(3s), Micros(2min));
    }
    if (scene.world.database->reader().keeps_order() && scene.random.chance(0.3)) {
        state.publication.deliver_at.reset();
        state.publication.ordering_key = "order-" + std::to_string(scene.random.below(3));
    }
    if (scene.random.chance(0.2))
        state.publication.idempotency_key = "key-" + std::to_string(number);
    model.by_payload[state.publication.payload] = number;
    return model.publications[number] = std::move(state);
}

void check_receipt(World& world, const PublicationState& state,
                   const Result<PublishReceipt>& receipt) {
    if (receipt) {
        if (!state.is_written) world.fail("an answer tells of a publication that is not stored");
        if (receipt->event_ids != state.events) world.fail("a receipt names other events");
    } else if (receipt.error() == Errc::fenced || receipt.error() == Errc::stale_revision) {
        world.fail("publish answers what is between service and storage");
    }
}

}  // namespace

void publish(Scene& scene) {
    const PublicationState& state = new_publication(scene);
    const auto receipt = scene.process.call(
        [&](WebhookService& service) { return service.publish(state.caller, state.publication); });
    check_receipt(scene.world, state, receipt);
}

/// Several callers, whose publications may share a commit.
void publish_at_once(Scene& scene) {
    for (int i = scene.random.between(2, 10); i > 0 && scene.process.is_ready(); --i) {
        PublicationState& queued = new_publication(scene);
        queued.is_queued = true;
        const int number = queued.number;
        World* world = &scene.world;
        const Process* process = &scene.process;
        scene.process.call([&](WebhookService& service) {
            const PublicationState& state = world->model.publications.at(number);
            service.async_publish(
                state.caller, state.publication, [=](const Result<PublishReceipt>& receipt) {
                    if (process->is_dead()) return;
                    check_receipt(*world, world->model.publications.at(number), receipt);
                });
            return true;
        });
    }
}

void publish_batch(Scene& scene) {
    const Principal caller = scene.caller();
    std::vector<int> numbers;
    std::vector<Publication> batch;
    for (int i = scene.random.between(1, 8); i > 0; --i) {
        PublicationState& state = new_publication(scene);
        state.caller = caller;
        if (!caller.is_administrator()) state.publication.user_id.clear();
        numbers.push_back(state.number);
        batch.push_back(state.publication);
    }
    const auto receipts = scene.process.call(
        [&](WebhookService& service) { return service.publish_batch(caller, batch); });
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        check_receipt(scene.world, scene.world.model.publications.at(numbers[i]),
                      receipts ? Result<PublishReceipt>((*receipts)[i])
                               : Result<PublishReceipt>(receipts.error()));
    }
}

/// A client that got no answer, or does not remember, repeats what it published.
void publish_again(Scene& scene) {
    auto& publications = scene.world.model.publications;
    if (publications.empty()) return;
    PublicationState& state =
        publications.at(1 + static_cast<int>(scene.random.below(publications.size())));
    if (state.publication.idempotency_key.empty()) return;
    const bool was_written = state.is_written;
    const auto receipt = scene.process.call(
        [&](WebhookService& service) { return service.publish(state.caller, state.publication); });
    check_receipt(scene.world, state, receipt);
    // What is queued may be written between the two.
    const bool may_be_replay = was_written || state.is_queued;
    if (receipt && (receipt->is_replay ? !may_be_replay : was_written)) {
        scene.world.fail("a repeated publication is not told from a new one");
    }
}

namespace {

/// The caller and the key of something that was published; nothing where there is none.
std::optional<std::pair<Principal, std::string>> used_key(Scene& scene) {
    std::vector<const PublicationState*> used;
    for (const auto& [number, state] : scene.world.model.publications) {
        if (state.is_written && !state.publication.idempotency_key.empty()) used.push_back(&state);
    }
    if (used.empty()) return {};
    const PublicationState& state = *scene.random.pick(used);
    return std::pair(state.caller, state.publication.idempotency_key);
}

}  // namespace

/// Alone, or as one of a batch: nothing of it is published.
void publish_other_content(Scene& scene) {
    const auto used = used_key(scene);
    if (!used) return;
    std::vector<Publication> batch;
    for (int i = scene.random.between(1, 3); i > 0; --i) {
        PublicationState& state = new_publication(scene);
        state.caller = used->first;
        state.publication.user_id.clear();
        batch.push_back(state.publication);
    }
    batch.back().idempotency_key = used->second;
    const auto receipts = scene.process.call(
        [&](WebhookService& service) { return service.publish_batch(used->first, batch); });
    if (receipts) scene.world.fail("an idempotency key was used for other content");
}

void send_test_event(Scene& scene) {
    const auto id = scene.subscription();
    if (!id) return;
    PublicationState& state = new_publication(scene);
    state.caller = Scene::admin;
    state.only = id;
    state.publication = {.event_type = "webhook.test", .payload = state.publication.payload};
    static_cast<void>(scene.process.call([&](WebhookService& service) {
        return service.send_test_event(Scene::admin, *id, state.publication.payload);
    }));
}

}  // namespace webhooks::simulation
