#include <algorithm>
#include <base/ascii.hpp>
#include <base/user_id.hpp>
#include <signing/digest.hpp>
#include <webhooks/api_keys.hpp>
#include <webhooks/random.hpp>

namespace webhooks {
namespace {

constexpr std::size_t min_api_key_bytes = 16;
constexpr std::size_t max_api_key_bytes = 256;
constexpr std::size_t random_key_bytes = 32;

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
    return record.is_administrator ? Principal::administrator(record.user_id)
                                   : Principal::user(record.user_id);
}

ApiKeyRecord record_of(const Principal& principal, std::string_view key) {
    return {.hash = signing::sha256(key),
            .user_id = principal.user_id(),
            .is_administrator = principal.is_administrator()};
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

Result<Secret> ApiKeys::create(const Principal& principal) {
    if (Result<> valid = check_principal(principal); !valid) return valid.error();
    Result<std::string> random = signing::random_bytes(random_key_bytes, *system_random());
    if (!random) return random.error();
    const Secret bytes(std::move(*random));
    Secret key(signing::base64url_encode(bytes.reveal()));
    const auto inserted = storage_->insert_api_key(record_of(principal, key.reveal()));
    if (!inserted) return inserted.error();
    return key;
}

Result<> ApiKeys::add(const Principal& principal, const Secret& key) {
    if (Result<> valid = check_principal(principal); !valid) return valid;
    if (Result<> valid = check_key(key.reveal()); !valid) return valid;
    const ApiKeyRecord record = record_of(principal, key.reveal());
    Result<bool> there = is_there(*storage_, record);
    if (!there) return there.error();
    if (*there) return {};
    const auto inserted = storage_->insert_api_key(record);
    if (inserted) return {};
    // Another thread or process may have added the same key in the meantime.
    there = is_there(*storage_, record);
    if (there && *there) return {};
    return inserted.error();
}

Result<Principal> ApiKeys::authenticate(std::string_view key) const {
    const Error unknown(Errc::not_found, "no such API key");
    if (key.empty() || key.size() > max_api_key_bytes) return unknown;
    const std::string hash = signing::sha256(key);
    const auto found = storage_->find_api_key(hash);
    if (!found) return found.error();
    if (!*found || !signing::equal_in_constant_time((*found)->hash, hash)) return unknown;
    return principal_of(**found);
}

Result<std::vector<ApiKeyRecord>> ApiKeys::list() const {
    return storage_->list_api_keys();
}

Result<> ApiKeys::revoke(ApiKeyId id) {
    return storage_->delete_api_key(id);
}

}  // namespace webhooks
