#pragma once

#include <memory>

#include "command_line.hpp"

/// @file
/// The program's commands. Each prints its result on standard output, and returns an error if it
/// failed.

namespace server {

/// Opens the storage named by `--storage`.
webhooks::Result<std::shared_ptr<webhooks::Storage>> open_storage(const Settings& settings);

/// As above; a mistyped name does not create a file.
webhooks::Result<std::shared_ptr<webhooks::Storage>> open_existing_storage(
    const Settings& settings);

/// Who runs a command, for the audit log.
webhooks::Principal shell_user();

/// Serves until SIGTERM or SIGINT.
webhooks::Result<> serve(Settings settings);

/// Updates the schema of `--storage`.
webhooks::Result<> migrate(const Settings& settings);

/// Encrypts the data keys of `--storage` with the first key of `--encryption.keys-file`.
webhooks::Result<> rewrap(const Settings& settings);

/// Destroys the data keys of a user in `--storage`.
webhooks::Result<> shred_user(const Settings& settings);

webhooks::Result<> create_key(const Settings& settings);
webhooks::Result<> list_keys(const Settings& settings);
webhooks::Result<> revoke_key(const Settings& settings, webhooks::ApiKeyId id);

}  // namespace server
