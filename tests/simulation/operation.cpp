#include "operation.hpp"

#include <algorithm>
#include <numeric>

#include "reading.hpp"
#include "scene.hpp"

namespace webhooks::simulation {
namespace {

using namespace std::chrono_literals;

// ---- Events of the log.

void delete_event(Scene& scene) {
    const EventState* event = scene.event();
    if (event == nullptr || event->deleted) return;
    static_cast<void>(scene.process.call([&](WebhookService& service) {
        return service.delete_event(Scene::admin, event->subscription, event->id);
    }));
}

void retry_event(Scene& scene) {
    const EventState* event = scene.event();
    if (event == nullptr) return;
    static_cast<void>(scene.process.call([&](WebhookService& service) {
        return service.retry_event(Scene::admin, event->subscription, event->id);
    }));
}

void recover(Scene& scene) {
    const auto id = scene.subscription();
    if (!id) return;
    const Time since = scene.now() - scene.random.between(Micros(0), Micros(20min));
    static_cast<void>(scene.process.call(
        [&](WebhookService& service) { return service.recover(Scene::admin, *id, since); }));
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
    // See make_operations.
    {"subscribe to operational events", 0, subscribe_to_operational},
    {"subscribe a reader", 0, subscribe_reader},
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
void add_some(const Config& config, void (*perform)(Scene&), std::uint64_t source,
              std::vector<Operation>& operations) {
    Generator random(config.seed ^ source);
    if (random.chance(0.5)) return;
    for (int i = random.between(1, 4); i > 0; --i) {
        operations.push_back({.at = random.between(Micros(0), config.length / 2),
                              .kind = kind_of(perform),
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
    add_some(config, subscribe_to_operational, 0x6f707321, operations);
    add_some(config, subscribe_reader, 0x70756c6c, operations);
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
