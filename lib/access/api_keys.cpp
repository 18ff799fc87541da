#include <access/api_key_grant.hpp>
#include <algorithm>
#include <base/ascii.hpp>
#include <base/thrown.hpp>
#include <base/user_id.hpp>
#include <signing/digest.hpp>
#include <webhooks/access.hpp>
#include <webhooks/api_keys.hpp>
#include <webhooks/random.hpp>

namespace webhooks {
namespace {

constexpr std::size_t min_api_key_bytes = 16;
constexpr std::size_t max_api_key_bytes = 256;
constexpr std::size_t random_key_bytes = 32;
constexpr const char* key_prefix = "whk_";
constexpr std::size_t hint_length = 4;

/// Recording every use would make a write of each request.
constexpr std::chrono::minutes use_interval{5};

Result<> check_principal(const Principal& principal) {
    if (is_user_id(principal.user_id())) return {};
    return Error(std::vector<FieldError>{{"userId", user_id_rule}});
}

Result<> check_key(std::string_view key) {
    // HTTP removes leading and trailing spaces from header values: such a key could never match.
    if (key.size() >= min_api_key_bytes && key.size() <= max_api_key_bytes &&
        ascii::is_printable(key) && ascii::is_visible(key.front()) &&
        ascii::is_visible(key.back())) {
        return {};
    }
    return Error(std::vector<FieldError>{
        {"key", "must be 16 to 256 printable ASCII characters without surrounding spaces"}});
}

Principal principal_of(const ApiKeyRecord& record) {
    const Principal user = Principal::user(record.user_id, record.permissions);
    return record.subscription ? user.narrowed_to(*record.subscription) : user;
}

ApiKeyRecord record_of(const Principal& principal) {
    return {.hash = {},
            .user_id = principal.user_id(),
            .permissions = principal.permissions(),
            .subscription = principal.subscription()};
}

Result<Secret> make_key() {
    Result<std::string> random = signing::random_bytes(random_key_bytes, *system_random());
    if (!random) return random.error();
    const Secret bytes(std::move(*random));
    return Secret(key_prefix + signing::base64url_encode(bytes.reveal()));
}

Result<CreatedApiKey> store_new_key(ApiKeyStore& storage, const Principal& maker,
                                    ApiKeyRecord record) {
    Result<Secret> key = make_key();
    if (!key) return key.error();
    const std::string_view text = key->reveal();
    record.hash = signing::sha256(text);
    record.hint = text.substr(text.size() - hint_length);
    const auto inserted = storage.insert_api_key(maker, record);
    if (!inserted) return inserted.error();
    return CreatedApiKey{.key = *std::move(key), .record = *inserted};
}

/// @return whether the hash exists already for the same principal; conflict if it is another
/// user's.
Result<bool> is_there(ApiKeyStore& storage, const ApiKeyRecord& wanted) {
    const auto found = storage.find_api_key(wanted.hash);
    if (!found) return found.error();
    if (!*found) return false;
    if (principal_of(**found) == principal_of(wanted)) return true;
    return Error(Errc::conflict, "this key belongs to another user");
}

}  // namespace

ApiKeys::ApiKeys(std::shared_ptr<ApiKeyStore> storage, std::shared_ptr<Clock> clock)
    : storage_(std::move(storage)), clock_(clock ? std::move(clock) : system_clock()) {}

Result<Secret> ApiKeys::create(const Principal& principal) try {
    if (Result<> valid = check_principal(principal); !valid) return valid.error();
    Result<CreatedApiKey> created = store_new_key(*storage_, principal, record_of(principal));
    if (!created) return created.error();
    return std::move(created->key);
} catch (...) {
    return error_of_thrown();
}

Result<CreatedApiKey> ApiKeys::create(const Principal& maker, const ApiKeyDraft& draft) try {
    if (Result<> valid = check_principal(maker); !valid) return valid.error();
    Result<ApiKeyRecord> record = access::record_of(maker, draft, clock_->now());
    if (!record) return record.error();
    return store_new_key(*storage_, maker, *std::move(record));
} catch (...) {
    return error_of_thrown();
}

Result<> ApiKeys::add(const Principal& principal, const Secret& key) try {
    if (Result<> valid = check_principal(principal); !valid) return valid;
    if (Result<> valid = check_key(key.reveal()); !valid) return valid;
    // Without a hint: of a text that a person chose, 4 characters could be much.
    ApiKeyRecord record = record_of(principal);
    record.hash = signing::sha256(key.reveal());
    Result<bool> there = is_there(*storage_, record);
    if (!there) return there.error();
    if (*there) return {};
    const auto inserted = storage_->insert_api_key(principal, record);
    if (inserted) return {};
    // Another thread or process may have added the same key in the meantime.
    there = is_there(*storage_, record);
    if (there && *there) return {};
    return inserted.error();
} catch (...) {
    return error_of_thrown();
}

Result<Principal> ApiKeys::authenticate(std::string_view key) const try {
    const Error unknown(Errc::not_found, "no such API key");
    if (key.empty() || key.size() > max_api_key_bytes) return unknown;
    const std::string hash = signing::sha256(key);
    const auto found = storage_->find_api_key(hash);
    if (!found) return found.error();
    if (!*found || !signing::equal_in_constant_time((*found)->hash, hash)) return unknown;
    const ApiKeyRecord& record = **found;
    const Time now = clock_->now();
    if (record.expires_at && *record.expires_at <= now) return unknown;
    if (!record.last_used_at || now - *record.last_used_at >= use_interval) {
        // Only the record of the use is lost if it fails.
        static_cast<void>(storage_->note_api_key_use(record.id, now));
    }
    return principal_of(record).identified_by({.kind = Credential::Kind::key,
                                               .id = std::to_string(record.id.value),
                                               .expires_at = record.expires_at,
                                               .rate = record.rate});
} catch (...) {
    return error_of_thrown();
}

Result<std::vector<ApiKeyRecord>> ApiKeys::list() const try {
    return storage_->list_api_keys();
} catch (...) {
    return error_of_thrown();
}

Result<std::vector<ApiKeyRecord>> ApiKeys::list(const Principal& principal) const try {
    Result<std::vector<ApiKeyRecord>> keys = list();
    if (!keys) return keys;
    std::erase_if(*keys, [&](const auto& key) { return !access::may_see(principal, key); });
    return keys;
} catch (...) {
    return error_of_thrown();
}

Result<> ApiKeys::revoke(ApiKeyId id) try {
    return storage_->delete_api_key(Principal::administrator({}), id);
} catch (...) {
    return error_of_thrown();
}

/// A key's owner never changes, so that it may be checked before.
Result<> ApiKeys::revoke(const Principal& principal, ApiKeyId id) try {
    const Result<std::vector<ApiKeyRecord>> keys = list(principal);
    if (!keys) return keys.error();
    const auto found = std::ranges::find(*keys, id, &ApiKeyRecord::id);
    if (found == keys->end()) return Error(Errc::not_found, "no such key");
    // Otherwise a weak key could shut out a stronger one.
    if (Result<> allowed = check_permissions(principal, found->permissions); !allowed) {
        return allowed;
    }
    return storage_->delete_api_key(principal, id);
} catch (...) {
    return error_of_thrown();
}

}  // namespace webhooks
