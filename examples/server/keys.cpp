#include <iostream>
#include <map>

#include "commands.hpp"
#include "values.hpp"

namespace server {
namespace {

using webhooks::ApiKeyRecord;
using webhooks::ApiKeys;
using webhooks::Principal;
using webhooks::Result;

Result<ApiKeys> open_keys(const Settings& settings) {
    auto storage = open_existing_storage(settings);
    if (!storage) return storage.error();
    return ApiKeys(*storage);
}

std::string role_of(const ApiKeyRecord& record) {
    if (record.permissions.includes(webhooks::Permission::administrator)) return "administrator";
    return record.permissions == webhooks::Permissions::user() ? "user"
                                                               : to_string(record.permissions);
}

/// Whatever a caller has written, it stays in its column.
std::string in_one_line(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
    }
    return text;
}

void print(const ApiKeyRecord& record) {
    std::cout << record.id.value << '\t' << in_one_line(record.user_id) << '\t' << role_of(record)
              << '\t' << to_text(record.created_at) << '\t' << in_one_line(record.name) << '\t'
              << record.hint << '\t'
              << (record.subscription ? std::to_string(record.subscription->value) : "") << '\t'
              << to_text(record.expires_at) << '\t' << to_text(record.last_used_at) << '\n';
}

/// What `keys create` was asked for. The shell's user may make any key.
webhooks::ApiKeyDraft draft_of(const KeySettings& settings) {
    webhooks::ApiKeyDraft draft{.name = settings.name.empty() ? "keys create" : settings.name,
                                .user_id = settings.user,
                                .expires_at = settings.expires_at};
    webhooks::Permissions permissions;
    for (const webhooks::Permission permission : settings.permissions)
        permissions.add(permission);
    if (settings.is_administrator) permissions.add(webhooks::Permission::administrator);
    if (!permissions.empty()) draft.permissions = permissions;
    if (settings.subscription != 0) {
        draft.subscription = {static_cast<std::int64_t>(settings.subscription)};
    }
    if (settings.rate != webhooks::RequestRate{}) draft.rate = settings.rate;
    return draft;
}

/// With the names of the flags in place of the members.
webhooks::Error in_flags(const webhooks::Error& error) {
    static const std::map<std::string, std::string> flags = {
        {"userId", "--user"},
        {"name", "--name"},
        {"permissions", "--permission"},
        {"subscriptionId", "--subscription-id"},
        {"expiresAt", "--expires-at"},
        {"rateLimit", "--rate-limit.per-second"}};
    if (error.fields().empty()) return error;
    auto fields = error.fields();
    for (webhooks::FieldError& field : fields) {
        const auto flag = flags.find(field.field);
        if (flag != flags.end()) field.field = flag->second;
    }
    return webhooks::Error(std::move(fields));
}

}  // namespace

Result<> create_key(const Settings& settings) {
    auto storage = open_existing_storage(settings);
    if (!storage) return storage.error();
    const webhooks::ApiKeyDraft draft = draft_of(settings.key);
    if (draft.subscription) {
        const Principal owner = Principal::user(settings.key.user);
        const auto found = (*storage)->find_subscription(owner, *draft.subscription);
        if (!found && found.error() == webhooks::Errc::not_found) {
            return webhooks::Error({webhooks::FieldError{
                "--subscription-id", "must be a subscription of the user of --user"}});
        }
        if (!found) return found.error();
    }
    auto created = ApiKeys(*storage).create(shell_user(), draft);
    if (!created) return in_flags(created.error());
    std::cout << created->key.reveal() << std::endl;
    return {};
}

Result<> list_keys(const Settings& settings) {
    auto keys = open_keys(settings);
    if (!keys) return keys.error();
    auto records = keys->list();
    if (!records) return records.error();
    std::cout << "id\tuser\trole\tcreated\tname\thint\tsubscription\texpires\tlast used\n";
    for (const ApiKeyRecord& record : *records)
        print(record);
    return {};
}

Result<> revoke_key(const Settings& settings, webhooks::ApiKeyId id) {
    auto keys = open_keys(settings);
    if (!keys) return keys.error();
    auto revoked = keys->revoke(shell_user(), id);
    if (revoked) return {};
    if (revoked.error() == webhooks::Errc::not_found) {
        return webhooks::Error(webhooks::Errc::not_found,
                               "no key has the id " + std::to_string(id.value) +
                                   "; `webhooks-server keys list` lists the existing keys");
    }
    return revoked.error();
}

}  // namespace server
