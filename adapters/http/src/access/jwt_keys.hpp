#pragma once

#include <memory>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/error.hpp>
#include <webhooks/observer.hpp>

#include "../reloaded_files.hpp"
#include "jwt_key.hpp"

namespace webhooks::http {

/// The keys that verify tokens: those that are configured, and those of a file.
using JwtKeys = ReloadedFiles<std::shared_ptr<const std::vector<JwtVerifier>>>;

/// @return invalid_argument that names the key or the file that cannot be used.
Result<std::unique_ptr<JwtKeys>> load_jwt_keys(const JwtOptions& options,
                                               std::shared_ptr<Clock> clock,
                                               std::shared_ptr<Observer> observer);

}  // namespace webhooks::http
