#include <algorithm>
#include <base/ranges.hpp>
#include <transport/name_server.hpp>
#include <transport/text.hpp>
#include <webhooks/http_transport.hpp>

namespace webhooks {

Result<> HttpTransportOptions::validate() const {
    using namespace std::chrono_literals;
    RangeCheck check;
    check.in("attempt_timeout", attempt_timeout, 100ms, 5min);
    check.in("connect_timeout", connect_timeout, 100ms, std::max(attempt_timeout, 100ms));
    check.in("body_timeout", body_timeout, 0ms, 5min);
    check.in("max_header_bytes", max_header_bytes, 1024, 1024 * 1024, "bytes");
    check.in("keep_alive", keep_alive, 0ms, 10min);
    check.in("max_idle_connections", max_idle_connections, 0, 100'000, "");
    check.in("delivery_threads", delivery_threads, 1, 64, "");
    if (!user_agent.empty() &&
        (user_agent.size() > 256 || !transport::is_header_value(user_agent))) {
        check.error("user_agent",
                    "must be 1 to 256 printable ASCII characters without leading or trailing "
                    "spaces, or empty");
    }
    check.in("name_servers", name_servers.size(), 0, 8, "servers");
    for (const std::string& server : name_servers) {
        if (!transport::canonical_name_server(server)) {
            check.error("name_servers", "must each be ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT");
        }
    }
    return check.result();
}

}  // namespace webhooks
