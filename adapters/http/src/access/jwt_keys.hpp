#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/error.hpp>
#include <webhooks/observer.hpp>

#include "jwt_key.hpp"

namespace webhooks::http {

/// The keys that verify tokens: those that are configured, and those of a file, which is read again
/// when it changes. Thread-safe.
class JwtKeys {
public:
    using Keys = std::shared_ptr<const std::vector<JwtVerifier>>;

    /// @return invalid_argument that names the key or the file that cannot be used.
    static Result<std::unique_ptr<JwtKeys>> load(const JwtOptions& options,
                                                 std::shared_ptr<Clock> clock,
                                                 std::shared_ptr<Observer> observer);

    Keys current();

private:
    JwtKeys(std::string file, std::shared_ptr<Clock> clock, std::shared_ptr<Observer> observer,
            std::vector<JwtVerifier> configured);
    void refresh();

    const std::string file_;
    const std::shared_ptr<Clock> clock_;
    const std::shared_ptr<Observer> observer_;
    const std::vector<JwtVerifier> configured_;
    std::mutex mutex_;
    std::string state_;  ///< Of the file when it was last read.
    SteadyTime checked_;
    Keys keys_;
};

}  // namespace webhooks::http
