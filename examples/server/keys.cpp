#include <ctime>
#include <filesystem>
#include <iomanip>
#include <iostream>

#include "commands.hpp"

namespace server {
namespace {

using webhooks::ApiKeyRecord;
using webhooks::ApiKeys;
using webhooks::Principal;
using webhooks::Result;

/// A mistyped name must not create a file.
Result<ApiKeys> open_keys(const Settings& settings) {
    std::error_code error;
    const bool is_file = settings.storage.kind == StorageChoice::Kind::sqlite;
    if (is_file && !std::filesystem::exists(settings.storage.path, error)) {
        return webhooks::Error(webhooks::Errc::not_found,
                               "there is no file " + settings.storage.path +
                                   "; name the server's file with --storage sqlite:PATH, or "
                                   "create it with `webhooks-server migrate`");
    }
    auto storage = open_storage(settings);
    if (!storage) return storage.error();
    return ApiKeys(*storage);
}

void print(const ApiKeyRecord& record) {
    const std::time_t created = std::chrono::system_clock::to_time_t(record.created_at);
    std::tm parts{};
    gmtime_r(&created, &parts);
    std::cout << record.id.value << '\t' << record.user_id << '\t'
              << (record.is_administrator ? "administrator" : "user") << '\t'
              << std::put_time(&parts, "%Y-%m-%dT%H:%M:%SZ") << '\n';
}

}  // namespace

Result<> create_key(const Settings& settings) {
    auto keys = open_keys(settings);
    if (!keys) return keys.error();
    const std::string& user = settings.key.user;
    auto key = keys->create(settings.key.is_administrator ? Principal::administrator(user)
                                                          : Principal::user(user));
    if (!key) return key.error();
    std::cout << key->reveal() << std::endl;
    return {};
}

Result<> list_keys(const Settings& settings) {
    auto keys = open_keys(settings);
    if (!keys) return keys.error();
    auto records = keys->list();
    if (!records) return records.error();
    std::cout << "id\tuser\trole\tcreated\n";
    for (const ApiKeyRecord& record : *records)
        print(record);
    return {};
}

Result<> revoke_key(const Settings& settings, webhooks::ApiKeyId id) {
    auto keys = open_keys(settings);
    if (!keys) return keys.error();
    auto revoked = keys->revoke(id);
    if (revoked) return {};
    if (revoked.error() == webhooks::Errc::not_found) {
        return webhooks::Error(webhooks::Errc::not_found,
                               "no key has the id " + std::to_string(id.value) +
                                   "; `webhooks-server keys list` lists the existing keys");
    }
    return revoked.error();
}

}  // namespace server
