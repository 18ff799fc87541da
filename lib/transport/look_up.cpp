#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <transport/failure.hpp>
#include <transport/resolver.hpp>

namespace webhooks::transport {
namespace {

using Answers = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

IpAddress address_of(const sockaddr& socket_address) {
    IpAddress address;
    if (socket_address.sa_family == AF_INET6) {
        address.is_v6 = true;
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(socket_address);
        std::memcpy(address.bytes, &v6.sin6_addr, 16);
    } else {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(socket_address);
        std::memcpy(address.bytes, &v4.sin_addr, 4);
    }
    return address;
}

/// RFC 6761, section 6.3: the name means this machine, also where no hosts file says so.
Resolved this_machine() {
    return {.addresses = {IpAddress{.is_v6 = false, .bytes = {127, 0, 0, 1}}}};
}

Resolved failure(int status, int system_error) {
    Resolved resolved{.error = "could not resolve host"};
    if (status == EAI_MEMORY) system_error = ENOMEM;
    const std::error_code code(system_error, std::generic_category());
    // Without a descriptor the answer may be EAI_AGAIN, as if a name server had not answered.
    if (is_fault_of_ours(code)) {
        resolved.is_fault_of_ours = true;
        resolved.error += ": " + code.message();
    }
    return resolved;
}

}  // namespace

Resolved look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    errno = 0;
    const int status = getaddrinfo(host.c_str(), nullptr, &hints, &first);
    if (status != 0) {
        const Resolved failed = failure(status, errno);
        return host == "localhost" && !failed.is_fault_of_ours ? this_machine() : failed;
    }
    const Answers answers(first, &freeaddrinfo);
    Resolved resolved;
    for (const addrinfo* answer = first; answer != nullptr; answer = answer->ai_next) {
        if (answer->ai_family != AF_INET && answer->ai_family != AF_INET6) continue;
        const IpAddress address = address_of(*answer->ai_addr);
        if (std::ranges::find(resolved.addresses, address) == resolved.addresses.end()) {
            resolved.addresses.push_back(address);
        }
    }
    if (resolved.addresses.empty()) resolved.error = "could not resolve host";
    return resolved;
}

}  // namespace webhooks::transport
