#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <support/dns_server.hpp>

namespace webhooks::testing {
namespace {

// RFC 1035, section 4.1.
constexpr std::size_t header_size = 12;
constexpr std::uint16_t is_response = 0x8180;  // Recursion was desired and is available.
constexpr std::uint16_t is_cut = 0x0200;
constexpr std::uint16_t no_such_name = 3;
constexpr std::uint16_t type_a = 1;
constexpr std::uint16_t type_aaaa = 28;

std::string number16(unsigned value) {
    return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

std::string number32(std::uint32_t value) {
    return number16(value >> 16) + number16(value & 0xffff);
}

std::uint16_t read16(std::string_view text) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(text[0]) << 8 |
                                      static_cast<unsigned char>(text[1]));
}

struct Question {
    std::string host;
    std::uint16_t type = 0;
    std::string_view bytes;  ///< As it was asked.
};

Question parse(std::string_view query) {
    Question question;
    std::size_t at = header_size;
    while (at < query.size() && query[at] != 0) {
        const auto length = static_cast<unsigned char>(query[at]);
        if (!question.host.empty()) question.host += '.';
        question.host += query.substr(at + 1, length);
        at += 1 + length;
    }
    if (at + 5 > query.size()) throw std::runtime_error("not a question");
    question.type = read16(query.substr(at + 1));
    question.bytes = query.substr(header_size, at + 5 - header_size);
    return question;
}

std::string message(std::string_view query, const Question& question, unsigned flags,
                    const std::vector<std::string>& records) {
    std::string text(query.substr(0, 2));
    text += number16(is_response | flags) + number16(1);
    text += number16(static_cast<unsigned>(records.size())) + number32(0);
    text += question.bytes;
    for (const std::string& record : records) {
        text += record;
    }
    return text;
}

/// The records of the requested type.
std::vector<std::string> records_of(const DnsServer::Name& name, std::uint16_t type) {
    std::vector<std::string> records;
    for (const std::string& address : name.addresses) {
        const bool is_v6 = address.find(':') != std::string::npos;
        if (type != (is_v6 ? type_aaaa : type_a)) continue;
        std::string data(is_v6 ? 16 : 4, 0);
        if (::inet_pton(is_v6 ? AF_INET6 : AF_INET, address.c_str(), data.data()) != 1) {
            throw std::runtime_error("not an address: " + address);
        }
        // The first part refers to the question's name; the class is "Internet".
        records.push_back(number16(0xc000 | header_size) + number16(type) + number16(1) +
                          number32(name.ttl) + number16(static_cast<unsigned>(data.size())) + data);
    }
    return records;
}

void require(bool is_true, const char* what) {
    if (!is_true) throw std::runtime_error(std::string("DnsServer: ") + what);
}

/// @return the socket, bound to the port; -1 if the port is in use.
int bound(int type, int& port) {
    const int socket = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
    require(socket >= 0, "no socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket, generic, size) != 0) {
        ::close(socket);
        return -1;
    }
    require(::getsockname(socket, generic, &size) == 0, "no name");
    port = ntohs(address.sin_port);
    return socket;
}

}  // namespace

DnsServer::DnsServer() {
    while (udp_ < 0) {
        port_ = 0;
        tcp_ = bound(SOCK_STREAM, port_);
        udp_ = bound(SOCK_DGRAM, port_);
        if (udp_ < 0) ::close(tcp_);
    }
    require(::listen(tcp_, 16) == 0 && ::pipe2(wake_, O_CLOEXEC) == 0, "cannot serve");
    thread_ = std::thread([this] { serve(); });
}

DnsServer::~DnsServer() {
    ::close(wake_[1]);
    thread_.join();
    for (const int descriptor : {wake_[0], tcp_, udp_}) {
        ::close(descriptor);
    }
}

std::string DnsServer::address() const {
    return "127.0.0.1:" + std::to_string(port_);
}

void DnsServer::set(const std::string& host, Name name) {
    const std::scoped_lock lock(mutex_);
    names_[host] = std::move(name);
}

int DnsServer::asked(const std::string& host) const {
    const std::scoped_lock lock(mutex_);
    const auto found = asked_.find(host);
    return found == asked_.end() ? 0 : found->second;
}

std::vector<std::string> DnsServer::hosts() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> hosts;
    for (const auto& [host, times] : asked_) {
        hosts.push_back(host);
    }
    return hosts;
}

void DnsServer::serve() {
    while (true) {
        pollfd all[] = {{wake_[0], POLLIN, 0}, {udp_, POLLIN, 0}, {tcp_, POLLIN, 0}};
        ::poll(all, std::size(all), -1);
        if (all[0].revents != 0) return;
        if (all[1].revents != 0) serve_datagram();
        if (all[2].revents != 0) serve_connection();
    }
}

void DnsServer::serve_datagram() {
    char query[1500];
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    auto* const generic = reinterpret_cast<sockaddr*>(&peer);
    const auto got = ::recvfrom(udp_, query, sizeof query, 0, generic, &size);
    if (got <= 0) return;
    const std::string answer = answer_to({query, static_cast<std::size_t>(got)}, false);
    if (!answer.empty()) ::sendto(udp_, answer.data(), answer.size(), 0, generic, size);
}

/// Answers until the client closes; each message is preceded by its length.
void DnsServer::serve_connection() {
    const int peer = ::accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
    std::string length(2, 0);
    while (true) {
        pollfd both[] = {{wake_[0], POLLIN, 0}, {peer, POLLIN, 0}};
        ::poll(both, std::size(both), -1);
        if (both[0].revents != 0 || ::recv(peer, length.data(), 2, MSG_WAITALL) != 2) break;
        std::string query(read16(length), 0);
        if (::recv(peer, query.data(), query.size(), MSG_WAITALL) <= 0) break;
        std::string answer = answer_to(query, true);
        answer.insert(0, number16(static_cast<unsigned>(answer.size())));
        ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
    ::close(peer);
}

std::string DnsServer::answer_to(std::string_view query, bool by_tcp) {
    const Question question = parse(query);
    const std::scoped_lock lock(mutex_);
    if (question.type == type_a) ++asked_[question.host];
    const auto found = names_.find(question.host);
    if (found == names_.end()) return message(query, question, no_such_name, {});
    const Name& name = found->second;
    std::string full = message(query, question, 0, records_of(name, question.type));
    switch (name.manner) {
        case Manner::answers:
            return full;
        case Manner::silent:
            return {};
        case Manner::garbage:
            return full.substr(0, header_size + question.bytes.size() + 5);
        case Manner::too_long:
            break;
    }
    return by_tcp ? full : message(query, question, is_cut, {});
}

}  // namespace webhooks::testing
