#include <cstddef>
#include <storage/sql/payload_keys.hpp>

namespace webhooks::storage {
namespace {

/// At some 300 bytes each. Beyond it all are forgotten, and obtained again as they are needed.
constexpr std::size_t max_keys = 100'000;

}  // namespace

void PayloadKeys::find(std::set<std::int64_t>& wanted, KeysById& found) const {
    const std::scoped_lock lock(mutex_);
    for (auto id = wanted.begin(); id != wanted.end();) {
        const auto known = by_id_.find(*id);
        if (known == by_id_.end()) {
            ++id;
        } else {
            found.emplace(*id, known->second);
            id = wanted.erase(id);
        }
    }
}

std::map<std::string, PayloadKeyPtr> PayloadKeys::newest(const std::set<std::string>& users) const {
    const std::scoped_lock lock(mutex_);
    std::map<std::string, PayloadKeyPtr> found;
    for (const std::string& user : users) {
        const auto known = newest_.find(user);
        if (known != newest_.end()) found.emplace(user, known->second);
    }
    return found;
}

std::uint64_t PayloadKeys::generation() const {
    const std::scoped_lock lock(mutex_);
    return generation_;
}

void PayloadKeys::add(const PayloadKeyPtr& key, std::uint64_t generation) {
    const std::scoped_lock lock(mutex_);
    if (generation != generation_) return;
    if (by_id_.size() >= max_keys) {
        by_id_.clear();
        newest_.clear();
    }
    by_id_[key->id] = key;
    PayloadKeyPtr& newest = newest_[key->user_id];
    if (!newest || newest->id < key->id) newest = key;
}

void PayloadKeys::forget(const std::string& user_id) {
    const std::scoped_lock lock(mutex_);
    ++generation_;
    newest_.erase(user_id);
    std::erase_if(by_id_, [&](const auto& known) { return known.second->user_id == user_id; });
}

}  // namespace webhooks::storage
