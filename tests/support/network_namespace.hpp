#pragma once

#include <string>

namespace webhooks::testing {

/// A network of its own on this machine, joined to ours by two links, as a machine is by two
/// cables. It takes the rights of an administrator.
class NetworkNamespace {
public:
    /// Whether this process may make one.
    static bool is_permitted();

    NetworkNamespace();
    ~NetworkNamespace();
    NetworkNamespace(const NetworkNamespace&) = delete;
    NetworkNamespace& operator=(const NetworkNamespace&) = delete;

    /// Our addresses, as seen from there, at the ends of the two links.
    std::string first_address() const { return network_ + ".1"; }
    std::string second_address() const { return network_ + ".5"; }
    /// Sets a parameter of the kernel there, as sysctl names it.
    void configure(const std::string& parameter, const std::string& value) const;
    void cut_first_link() const;
    void join_first_link() const;

    /// While it lives, this thread and those that it starts are there.
    class Visit {
    public:
        explicit Visit(const NetworkNamespace& there);
        ~Visit();
        Visit(const Visit&) = delete;
        Visit& operator=(const Visit&) = delete;

    private:
        int home_ = -1;
    };

private:
    std::string name_;
    std::string network_;  ///< The first three bytes of its addresses.
};

}  // namespace webhooks::testing
