#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace webhooks::http {

/// A connection as seen by the table. All member functions may be called from any thread.
class Connection {
public:
    virtual ~Connection() = default;
    /// Answers the request that has begun, then closes.
    virtual void finish() = 0;
    virtual void close() = 0;
    /// Whether a request on it had valid credentials.
    virtual bool is_authenticated() const noexcept = 0;
    /// When it last sent or received something.
    virtual std::chrono::steady_clock::time_point last_active() const noexcept = 0;
};

/// Whether an IP address is a loopback address.
bool is_loopback(std::string_view address);

/// The open connections, and the rules for further ones. Not thread-safe.
class ConnectionTable {
public:
    ConnectionTable(std::size_t max_connections, std::size_t max_per_address)
        : max_connections_(max_connections), max_per_address_(max_per_address) {}

    /// @return false if the address has reached its limit. Loopback is exempt: all users of a proxy
    /// on this machine share it.
    bool may_add(const std::string& address) const;
    void add(std::shared_ptr<Connection> connection, const std::string& address);
    void remove(const Connection* connection);

    bool is_full() const noexcept { return entries_.size() >= max_connections_; }
    bool is_empty() const noexcept { return entries_.empty(); }
    /// Removes the connection that has been idle longest among those without valid credentials, so
    /// that these cannot lock out other clients. @return null if there is none.
    std::shared_ptr<Connection> evict();

    template <class Use>
    void for_each(Use use) const {
        for (const auto& [key, entry] : entries_)
            use(*entry.connection);
    }

private:
    struct Entry {
        std::shared_ptr<Connection> connection;
        std::string address;
    };

    std::size_t max_connections_;
    std::size_t max_per_address_;
    std::unordered_map<const Connection*, Entry> entries_;
    std::unordered_map<std::string, std::size_t> per_address_;
};

}  // namespace webhooks::http
