#pragma once

#include <memory>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/error.hpp>
#include <webhooks/observer.hpp>

#include "jwt_key.hpp"

namespace webhooks::http {

using JwtKeySet = std::shared_ptr<const std::vector<JwtVerifier>>;

/// Where the keys that verify tokens come from. Thread-safe.
class JwtKeySource {
public:
    virtual ~JwtKeySource() = default;

    /// @return unavailable: there are none yet, or they are too old.
    virtual Result<JwtKeySet> current() = 0;
    /// A token names a key that is not among them. @return whether they are read again because of
    /// this.
    virtual bool look_for_new() { return false; }
};

/// The keys that are configured, and those of a file, which is read again when it changes.
/// @return invalid_argument that names the key or the file that cannot be used.
Result<std::unique_ptr<JwtKeySource>> load_jwt_keys(const JwtOptions& options,
                                                    std::shared_ptr<Clock> clock,
                                                    std::shared_ptr<Observer> observer);

}  // namespace webhooks::http
