#include <algorithm>
#include <atomic>
#include <base/process.hpp>
#include <cstdlib>
#include <mutex>
#include <service/engine.hpp>
#include <service/exit_guard.hpp>
#include <signing/openssl_start.hpp>
#include <vector>

namespace webhooks::service {
namespace {

struct Running {
    Engine* engine = nullptr;
    std::weak_ptr<void> owner;
};

/// The engines of one process that have threads. Never freed: threads may end after `main`.
struct Registry {
    /// Of the parent process after a fork, whose mutex may stay locked; null: none.
    Registry* const inherited;
    const long process = process_id();
    std::mutex mutex = {};
    std::vector<Running> running = {};
};

std::atomic<Registry*> latest_registry{nullptr};

/// Null: this process has none.
Registry* find_registry() noexcept {
    Registry* const registry = latest_registry;
    return registry != nullptr && registry->process == process_id() ? registry : nullptr;
}

void stop_all() noexcept {
    Registry* const registry = find_registry();
    if (registry == nullptr) return;
    while (true) {
        Running last;
        {
            const std::scoped_lock lock(registry->mutex);
            if (registry->running.empty()) return;
            last = std::move(registry->running.back());
            registry->running.pop_back();
        }
        // Destroyed meanwhile, it has stopped.
        if (const std::shared_ptr<void> owner = last.owner.lock()) last.engine->let_go();
    }
}

Registry& registry_of_process() {
    static const bool is_registered = [] {
        signing::start_openssl();
        return std::atexit(stop_all) == 0;
    }();
    static_cast<void>(is_registered);
    if (Registry* const found = find_registry()) return *found;
    Registry* inherited = latest_registry;
    std::unique_ptr<Registry> fresh(new Registry{.inherited = inherited});
    if (latest_registry.compare_exchange_strong(inherited, fresh.get())) return *fresh.release();
    return *inherited;
}

}  // namespace

void ExitGuard::hold(Engine& engine, const std::weak_ptr<void>& owner) {
    Registry& registry = registry_of_process();
    const std::scoped_lock lock(registry.mutex);
    registry.running.push_back({.engine = &engine, .owner = owner});
    engine_ = &engine;
}

void ExitGuard::release() noexcept {
    Engine* const engine = std::exchange(engine_, nullptr);
    Registry* const registry = find_registry();
    if (engine == nullptr || registry == nullptr) return;
    const std::scoped_lock lock(registry->mutex);
    std::erase_if(registry->running,
                  [engine](const Running& each) { return each.engine == engine; });
}

}  // namespace webhooks::service
