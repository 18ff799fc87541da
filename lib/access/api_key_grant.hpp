#pragma once

#include <webhooks/api_keys.hpp>

namespace webhooks::access {

/// What a key of a draft grants: never more than its maker has.
/// @return as `ApiKeys::create`. The record has no hash, hint and id yet.
Result<ApiKeyRecord> record_of(const Principal& maker, const ApiKeyDraft&, Time now);

/// Whether a principal may see and revoke a key.
bool may_see(const Principal&, const ApiKeyRecord&);

}  // namespace webhooks::access
