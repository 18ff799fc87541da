#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace webhooks::testing {

/// A name server on its own loopback port and thread. It answers queries for A and AAAA, by UDP and
/// TCP; a name that was not configured does not exist.
class DnsServer {
public:
    enum class Manner {
        answers,   ///< With the addresses, even if there are none.
        silent,    ///< Not at all.
        garbage,   ///< With a message that ends within its first record.
        too_long,  ///< By UDP only a truncated response, which requires TCP.
    };
    struct Name {
        Manner manner = Manner::answers;
        std::vector<std::string> addresses = {};  ///< IPv4 and IPv6.
        std::uint32_t ttl = 60;                   ///< In seconds.
    };

    DnsServer();
    ~DnsServer();
    DnsServer(const DnsServer&) = delete;
    DnsServer& operator=(const DnsServer&) = delete;

    /// In the format of HttpTransportOptions::name_servers.
    std::string address() const;
    void set(const std::string& host, Name name);
    /// How often IPv4 addresses of the host were requested.
    int asked(const std::string& host) const;
    /// All hosts that were requested.
    std::vector<std::string> hosts() const;

private:
    void serve();
    void serve_datagram();
    void serve_connection();
    /// Empty: no answer is sent.
    std::string answer_to(std::string_view query, bool by_tcp);

    int udp_ = -1;
    int tcp_ = -1;
    int port_ = 0;
    int wake_[2] = {-1, -1};
    mutable std::mutex mutex_;
    std::map<std::string, Name> names_;
    std::map<std::string, int> asked_;
    std::thread thread_;
};

}  // namespace webhooks::testing
