#include <pwd.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "commands.hpp"

namespace server {
namespace {

using webhooks::Errc;
using webhooks::Error;
using webhooks::Result;
using StoragePtr = std::shared_ptr<webhooks::Storage>;

Result<webhooks::EncryptionOptions> encryption_options(const EncryptionSettings& settings) {
    if (settings.keys_file.empty()) return webhooks::EncryptionOptions();
    auto keys = webhooks::keys_from_file(settings.keys_file);
    if (!keys)
        return Error(keys.error().code(), "--encryption.keys-file: " + keys.error().detail());
    return webhooks::EncryptionOptions{.keys = *std::move(keys), .secrets = settings.secrets};
}

}  // namespace

Result<StoragePtr> open_storage(const Settings& settings) {
    if (settings.storage.kind == StorageChoice::Kind::memory)
        return webhooks::make_memory_storage();
    auto encryption = encryption_options(settings.encryption);
    if (!encryption) return encryption.error();
    if (settings.storage.kind == StorageChoice::Kind::postgresql) {
        webhooks::PostgresqlOptions options = settings.postgresql;
        options.encryption = *std::move(encryption);
        return webhooks::make_postgresql_storage(std::move(options));
    }
    webhooks::SqliteOptions options = settings.sqlite;
    options.encryption = *std::move(encryption);
    return webhooks::make_sqlite_storage(std::move(options));
}

Result<StoragePtr> open_existing_storage(const Settings& settings) {
    std::error_code error;
    const bool is_file = settings.storage.kind == StorageChoice::Kind::sqlite;
    if (is_file && !std::filesystem::exists(settings.storage.path, error)) {
        return Error(Errc::not_found, "there is no file " + settings.storage.path +
                                          "; name the server's file with --storage sqlite:PATH, or "
                                          "create it with `webhooks-server migrate`");
    }
    return open_storage(settings);
}

webhooks::Principal shell_user() {
    const passwd* const user = ::getpwuid(::getuid());
    return webhooks::Principal::administrator("webhooks-server")
        .identified_by({.kind = webhooks::Credential::Kind::cli,
                        .id = user ? user->pw_name : std::to_string(::getuid())});
}

Result<> rewrap(const Settings& settings) {
    auto storage = open_existing_storage(settings);
    if (!storage) return storage.error();
    const auto rewrapped = (*storage)->rewrap_data_keys(shell_user());
    if (!rewrapped) return rewrapped.error();
    std::cout << settings.storage.to_string() << ": data keys encrypted again: " << *rewrapped
              << "; all are encrypted with the first key of " << settings.encryption.keys_file
              << '\n';
    return {};
}

}  // namespace server
