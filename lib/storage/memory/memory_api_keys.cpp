#include <storage/memory/memory_api_keys.hpp>

namespace webhooks::storage {

Result<ApiKeyRecord> MemoryApiKeys::insert(ApiKeyRecord draft, Time now) {
    if (find(draft.hash)) return Error(Errc::conflict, "the key exists");
    draft.id = {++last_id_};
    draft.created_at = now;
    keys_[draft.id] = draft;
    return draft;
}

std::optional<ApiKeyRecord> MemoryApiKeys::find(std::string_view hash) const {
    for (const auto& [id, key] : keys_) {
        if (key.hash == hash) return key;
    }
    return std::nullopt;
}

std::vector<ApiKeyRecord> MemoryApiKeys::all() const {
    std::vector<ApiKeyRecord> keys;
    for (const auto& [id, key] : keys_) {
        keys.push_back(key);
    }
    return keys;
}

void MemoryApiKeys::note_use(ApiKeyId id, Time time) {
    const auto found = keys_.find(id);
    if (found != keys_.end()) found->second.last_used_at = time;
}

Result<ApiKeyRecord> MemoryApiKeys::erase(ApiKeyId id) {
    auto found = keys_.extract(id);
    if (found.empty()) return Error(Errc::not_found, "no such key");
    return std::move(found.mapped());
}

}  // namespace webhooks::storage
