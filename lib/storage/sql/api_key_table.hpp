#pragma once

/// @file
/// Statements on API keys for every SQL database. They throw what SOCI throws.

#include <soci/soci.h>

#include <optional>
#include <string_view>
#include <vector>
#include <webhooks/storage/api_key_store.hpp>

namespace webhooks::storage {

ApiKeyId insert_api_key(soci::session& sql, const ApiKeyRecord& key);
std::optional<ApiKeyRecord> find_api_key(soci::session& sql, std::string_view hash);
std::vector<ApiKeyRecord> list_api_keys(soci::session& sql);
/// @return whether there was one.
bool delete_api_key(soci::session& sql, ApiKeyId id);

}  // namespace webhooks::storage
