#pragma once

/// @file
/// Statements on API keys for every SQL database. They throw what SOCI throws.

#include <soci/soci.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/storage/api_key_store.hpp>

namespace webhooks::storage {

/// A row of the table. 0 and the empty text stand for what is absent.
struct ApiKeyRow {
    /// In the order of the members.
    static constexpr const char* columns =
        "id, hash, user_id, is_administrator, created_at, name, permissions, subscription_id, "
        "expires_at, rate_per_second, rate_burst, hint, last_used_at";

    long long id = 0;
    std::string hash = {};  ///< In hexadecimal.
    std::string user_id = {};
    int is_administrator = 0;
    long long created_at = 0;
    std::string name = {};
    /// Names, separated by spaces; "none" without any. Empty in rows of earlier versions, where
    /// `is_administrator` is all there is.
    std::string permissions = {};
    long long subscription_id = 0;
    long long expires_at = 0;
    int rate_per_second = 0;
    int rate_burst = 0;
    std::string hint = {};
    long long last_used_at = 0;

    static ApiKeyRow of(const ApiKeyRecord& record);
    ApiKeyRecord to_record() const;
};

ApiKeyId insert_api_key(soci::session& sql, const ApiKeyRecord& key);
std::optional<ApiKeyRecord> find_api_key(soci::session& sql, std::string_view hash);
std::vector<ApiKeyRecord> list_api_keys(soci::session& sql);
void note_api_key_use(soci::session& sql, ApiKeyId id, Time time);
/// @return what it deleted.
std::optional<ApiKeyRecord> delete_api_key(soci::session& sql, ApiKeyId id);

}  // namespace webhooks::storage
