#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <support/network_namespace.hpp>

namespace webhooks::testing {
namespace {

/// @return whether all of the commands succeeded
bool run(const std::string& commands) {
    return std::system(("{ " + commands + "; } >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace

bool NetworkNamespace::is_permitted() {
    const std::string name = "whp" + std::to_string(::getpid());
    return run("ip netns add " + name + " && { ip link add " + name + " type veth peer name " +
               name + "x && ip link del " + name + "; r=$?; ip netns del " + name +
               "; [ $r = 0 ]; }");
}

NetworkNamespace::NetworkNamespace() : name_("wh" + std::to_string(::getpid())) {
    // Addresses for network tests (RFC 2544), in a part of the range that others are unlikely to
    // use.
    const int id = ::getpid();
    network_ = "198." + std::to_string(18 + id / 256 % 2) + "." + std::to_string(id % 256);
    const auto link = [&](const std::string& end, int ours, int theirs) {
        return "ip link add " + name_ + end + " type veth peer name " + end + " netns " + name_ +
               " && ip addr add " + network_ + "." + std::to_string(ours) + "/30 dev " + name_ +
               end + " && ip link set dev " + name_ + end + " up && ip -n " + name_ + " addr add " +
               network_ + "." + std::to_string(theirs) + "/30 dev " + end + " && ip -n " + name_ +
               " link set dev " + end + " up";
    };
    if (!run("ip netns add " + name_ + " && ip -n " + name_ + " link set dev lo up && " +
             link("a", 1, 2) + " && " + link("b", 5, 6))) {
        run("ip netns del " + name_);
        throw std::runtime_error("cannot make a network namespace");
    }
}

NetworkNamespace::~NetworkNamespace() {
    // Its links are removed with it, once no socket uses it.
    run("ip link del " + name_ + "a; ip link del " + name_ + "b; ip netns del " + name_);
}

void NetworkNamespace::configure(const std::string& parameter, const std::string& value) const {
    std::string file = "/proc/sys/" + parameter;
    std::ranges::replace(file.begin() + 10, file.end(), '.', '/');
    if (!run("ip netns exec " + name_ + " sh -c 'echo \"" + value + "\" >" + file + "'"))
        throw std::runtime_error("cannot set " + parameter);
}

void NetworkNamespace::cut_first_link() const {
    if (!run("ip link set dev " + name_ + "a down"))
        throw std::runtime_error("cannot cut the link");
}

void NetworkNamespace::join_first_link() const {
    if (!run("ip link set dev " + name_ + "a up")) throw std::runtime_error("cannot join the link");
}

NetworkNamespace::Visit::Visit(const NetworkNamespace& there)
    : home_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    const int file = ::open(("/run/netns/" + there.name_).c_str(), O_RDONLY | O_CLOEXEC);
    const bool is_there = ::setns(file, CLONE_NEWNET) == 0;
    ::close(file);
    if (!is_there) throw std::runtime_error("cannot enter the network namespace");
}

NetworkNamespace::Visit::~Visit() {
    if (::setns(home_, CLONE_NEWNET) != 0) std::abort();
    ::close(home_);
}

}  // namespace webhooks::testing
