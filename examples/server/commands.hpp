#pragma once

#include <memory>

#include "command_line.hpp"

/// @file
/// What the program does. Each prints its answer on standard output and returns what kept it from
/// its work.

namespace server {

/// Opens what `--storage` names.
webhooks::Result<std::shared_ptr<webhooks::Storage>> open_storage(const Settings& settings);

/// Serves until SIGTERM or SIGINT.
webhooks::Result<> serve(const Settings& settings);

/// Brings the schema of `--storage` up to date.
webhooks::Result<> migrate(const Settings& settings);

webhooks::Result<> create_key(const Settings& settings);
webhooks::Result<> list_keys(const Settings& settings);
webhooks::Result<> revoke_key(const Settings& settings, webhooks::ApiKeyId id);

}  // namespace server
