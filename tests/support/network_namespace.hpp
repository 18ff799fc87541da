#pragma once

#include <string>

namespace webhooks::testing {

/// A separate network on this machine, connected to the machine's own by two links, like a machine
/// with two cables. Requires administrator rights.
class NetworkNamespace {
public:
    /// Whether this process may create one.
    static bool is_permitted();

    NetworkNamespace();
    ~NetworkNamespace();
    NetworkNamespace(const NetworkNamespace&) = delete;
    NetworkNamespace& operator=(const NetworkNamespace&) = delete;

    /// This machine's addresses, as seen from there, at the ends of the two links.
    std::string first_address() const { return network_ + ".1"; }
    std::string second_address() const { return network_ + ".5"; }
    /// Sets a kernel parameter there, named as in sysctl.
    void configure(const std::string& parameter, const std::string& value) const;
    void cut_first_link() const;
    void join_first_link() const;

    /// While it exists, this thread and those that it starts are in that network.
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
