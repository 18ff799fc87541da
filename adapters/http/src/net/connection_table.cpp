#include "connection_table.hpp"

namespace webhooks::http {

bool is_loopback(std::string_view address) {
    return address.starts_with("127.") || address.starts_with("::ffff:127.") || address == "::1";
}

bool ConnectionTable::may_add(const std::string& address) const {
    if (is_loopback(address)) return true;
    const auto found = per_address_.find(address);
    return found == per_address_.end() || found->second < max_per_address_;
}

void ConnectionTable::add(std::shared_ptr<Connection> connection, const std::string& address) {
    ++per_address_[address];
    const Connection* const key = connection.get();
    entries_.emplace(key, Entry{std::move(connection), address});
}

void ConnectionTable::remove(const Connection* connection) {
    const auto found = entries_.find(connection);
    if (found == entries_.end()) return;
    const auto count = per_address_.find(found->second.address);
    if (--count->second == 0) per_address_.erase(count);
    entries_.erase(found);
}

std::shared_ptr<Connection> ConnectionTable::evict() {
    std::shared_ptr<Connection> oldest;
    for (const auto& [key, entry] : entries_) {
        if (entry.connection->is_authenticated()) continue;
        if (!oldest || entry.connection->last_active() < oldest->last_active()) {
            oldest = entry.connection;
        }
    }
    if (oldest) remove(oldest.get());
    return oldest;
}

}  // namespace webhooks::http
