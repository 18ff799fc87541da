#include "operation.hpp"

#include <algorithm>
#include <numeric>
#include <webhooks/signature.hpp>

#include "reading.hpp"
#include "world.hpp"

namespace webhooks::simulation {
namespace {

using namespace std::chrono_literals;

/// Where an operation is done, and its own source of chance.
struct Scene {
    World& world;
    Process& process;
    Generator random;

    std::string user() { return random.chance(0.5) ? "alice" : "bob"; }
    Principal caller() {
        return random.chance(0.3) ? Principal::administrator("admin") : Principal::user(user());
    }
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

const Principal admin = Principal::administrator("admin");

std::string event_type(Generator& random) {
    return random.pick(event_types());
}

std::string pattern(Generator& random) {
    if (random.chance(0.4)) return random.chance(0.5) ? "*" : "order.*";
    return event_type(random);
}

// ---- What is published.

PublicationState& new_publication(Scene& scene) {
    Model& model = scene.world.model;
    const int number = static_cast<int>(model.publications.size()) + 1;
    const std::size_t size = scene.random.chance(0.3) ? scene.random.below(1500) : 0;
    PublicationState state{.number = number, .caller = scene.caller(), .publication = {}};
    state.publication.event_type = event_type(scene.random);
    state.publication.payload =
        "{\"n\":" + std::to_string(number) + ",\"x\":\"" + std::string(size, 'x') + "\"}";
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

void publish(Scene& scene) {
    const PublicationState& state = new_publication(scene);
    const auto receipt = scene.process.call(
        [&](WebhookService& service) { return service.publish(state.caller, state.publication); });
    check_receipt(scene.world, state, receipt);
}

/// Several callers, whose publications may share a commit.
void publish_at_once(Scene& scene) {
    for (int i = scene.random.between(2, 10); i > 0 && scene.process.is_ready(); --i) {
        const int number = new_publication(scene).number;
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
    if (receipt && receipt->is_replay != was_written) {
        scene.world.fail("a repeated publication is not told from a new one");
    }
}

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
    state.caller = admin;
    state.only = id;
    state.publication = {.event_type = "webhook.test", .payload = state.publication.payload};
    static_cast<void>(scene.process.call([&](WebhookService& service) {
        return service.send_test_event(admin, *id, state.publication.payload);
    }));
}

// ---- Subscriptions.

void create_subscription(Scene& scene) {
    SubscriptionDraft draft{.name = "one", .event_type = pattern(scene.random), .url = scene.url()};
    draft.is_active = scene.random.chance(0.9);
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
            return service.update_subscription(admin, *id, {.event_type = pattern});
        }));
        return;
    }
    SubscriptionDraft draft{.name = "operator", .event_type = pattern, .url = scene.url()};
    draft.operator_scope = scene.random.chance(0.5);
    const Principal owner = draft.operator_scope ? admin : Principal::user(scene.user());
    static_cast<void>(scene.process.call([&](WebhookService& service) {
        return service.create_subscription(owner, std::move(draft));
    }));
}

void update_subscription(Scene& scene) {
    const auto id = scene.subscription();
    if (!id) return;
    SubscriptionChange change;
    switch (scene.random.below(5)) {
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
        default:
            change.is_active =
                !scene.world.model.subscriptions.at(*id).current().subscription.is_active;
    }
    static_cast<void>(scene.process.call([&](WebhookService& service) {
        return service.update_subscription(admin, *id, std::move(change));
    }));
}

void rotate_secret(Scene& scene) {
    const auto id = scene.subscription();
    if (!id) return;
    const std::chrono::seconds overlap(scene.random.chance(0.3) ? 0 : scene.random.between(1, 120));
    static_cast<void>(scene.process.call(
        [&](WebhookService& service) { return service.rotate_secret(admin, *id, {}, overlap); }));
}

void delete_subscription(Scene& scene) {
    const auto id = scene.subscription();
    if (!id) return;
    static_cast<void>(scene.process.call(
        [&](WebhookService& service) { return service.delete_subscription(admin, *id); }));
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

// ---- Events of the log.

void delete_event(Scene& scene) {
    const EventState* event = scene.event();
    if (event == nullptr || event->deleted) return;
    static_cast<void>(scene.process.call([&](WebhookService& service) {
        return service.delete_event(admin, event->subscription, event->id);
    }));
}

void retry_event(Scene& scene) {
    const EventState* event = scene.event();
    if (event == nullptr) return;
    static_cast<void>(scene.process.call([&](WebhookService& service) {
        return service.retry_event(admin, event->subscription, event->id);
    }));
}

void recover(Scene& scene) {
    const auto id = scene.subscription();
    if (!id) return;
    const Time since = scene.now() - scene.random.between(Micros(0), Micros(20min));
    static_cast<void>(scene.process.call(
        [&](WebhookService& service) { return service.recover(admin, *id, since); }));
}

/// What users are told of their subscriptions is what happened.
void read(Scene& scene) {
    check_reading(scene.world);
}

// ---- Operators.

void stop(Scene& scene) {
    scene.process.stop(scene.random.chance(0.5) ? Micros(0)
                                                : scene.random.between(Micros(0), Micros(5s)));
}

void crash(Scene& scene) {
    scene.process.call([&](WebhookService&) {
        scene.process.crash("by an operator");
        return true;
    });
}

void set_clock(Scene& scene) {
    if (!scene.random.chance(scene.world.config.faults.clock_jump * 20)) return;
    scene.process.clock().jump(scene.random.between(Micros(-1h), Micros(1h)));
}

/// To add an operation, write it and add a row.
struct Kind {
    const char* name;
    int weight;
    void (*perform)(Scene&);
};
const std::vector<Kind> kinds = {
    {"publish", 30, publish},
    {"publish at once", 10, publish_at_once},
    {"publish a batch", 5, publish_batch},
    {"publish again", 5, publish_again},
    {"publish other content by a used key", 2, publish_other_content},
    {"send a test event", 3, send_test_event},
    {"create a subscription", 4, create_subscription},
    {"update a subscription", 8, update_subscription},
    {"rotate a secret", 4, rotate_secret},
    {"delete a subscription", 2, delete_subscription},
    {"change and publish", 10, change_and_publish},
    {"delete an event", 4, delete_event},
    {"retry an event", 5, retry_event},
    {"recover", 3, recover},
    {"read", 2, read},
    {"stop", 2, stop},
    {"crash", 1, crash},
    {"set a clock", 2, set_clock},
    {"subscribe to operational events", 0, subscribe_to_operational},  // See make_operations.
};

std::size_t kind_of(void (*perform)(Scene&)) {
    return static_cast<std::size_t>(std::ranges::find(kinds, perform, &Kind::perform) -
                                    kinds.begin());
}

std::size_t pick_kind(Generator& random) {
    const int all = std::accumulate(kinds.begin(), kinds.end(), 0,
                                    [](int sum, const Kind& kind) { return sum + kind.weight; });
    int left = random.between(1, all);
    std::size_t kind = 0;
    while ((left -= kinds[kind].weight) > 0) {
        ++kind;
    }
    return kind;
}

/// In half of the seeds, from a source of chance of its own, so that seeds keep their meaning.
void add_operational(const Config& config, std::vector<Operation>& operations) {
    Generator random(config.seed ^ 0x6f707321);
    if (random.chance(0.5)) return;
    for (int i = random.between(1, 4); i > 0; --i) {
        operations.push_back({.at = random.between(Micros(0), config.length / 2),
                              .kind = kind_of(subscribe_to_operational),
                              .seed = random.next()});
    }
}

}  // namespace

const std::vector<std::string>& event_types() {
    static const std::vector<std::string> types = {"order.created", "order.shipped",
                                                   "invoice.paid"};
    return types;
}

std::vector<Operation> make_operations(const Config& config) {
    Generator random(config.seed ^ 0x6f706572);
    std::vector<Operation> operations;
    // Most of what is published should reach a subscription.
    for (int i = random.between(1, 6); i > 0; --i) {
        operations.push_back({.at = random.between(Micros(0), Micros(20s)),
                              .kind = kind_of(create_subscription),
                              .seed = random.next()});
    }
    for (int i = 0; i < config.operations; ++i) {
        operations.push_back({.at = random.between(Micros(0), config.length),
                              .kind = pick_kind(random),
                              .seed = random.next()});
    }
    add_operational(config, operations);
    std::ranges::sort(operations, {}, &Operation::at);
    return operations;
}

const char* name_of(const Operation& operation) {
    return kinds[operation.kind].name;
}

void perform(World& world, const Operation& operation) {
    Process* process = world.pick_process();
    if (process == nullptr) return;
    Scene scene{.world = world, .process = *process, .random = Generator(operation.seed)};
    kinds[operation.kind].perform(scene);
}

}  // namespace webhooks::simulation
