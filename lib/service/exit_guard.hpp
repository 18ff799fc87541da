#pragma once

#include <memory>

namespace webhooks::service {

class Engine;

/// Stops the threads of an engine when the process exits, if they still run. OpenSSL, which they
/// use, frees what it has at exit, before static objects of a host that were there earlier are
/// destroyed.
class ExitGuard {
public:
    ExitGuard() noexcept = default;
    ~ExitGuard() { release(); }

    ExitGuard(const ExitGuard&) = delete;
    ExitGuard& operator=(const ExitGuard&) = delete;

    /// @param owner keeps the engine while it is being stopped.
    void hold(Engine& engine, const std::weak_ptr<void>& owner);
    void release() noexcept;

private:
    Engine* engine_ = nullptr;
};

}  // namespace webhooks::service
