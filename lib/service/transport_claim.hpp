#pragma once

#include <webhooks/error.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::service {

/// Keeps a transport for one service: two that drive it would call it on two threads at a time, and
/// get each other's answers.
class TransportClaim {
public:
    /// @return invalid_argument if another service of this process has it.
    static Result<TransportClaim> take(const Transport& transport);

    TransportClaim(TransportClaim&& other) noexcept;
    TransportClaim& operator=(TransportClaim&&) = delete;
    ~TransportClaim() { release(); }

    /// The service has stopped.
    void release() noexcept;

private:
    explicit TransportClaim(const Transport& transport) : transport_(&transport) {}

    const Transport* transport_;  // only its address is used
};

}  // namespace webhooks::service
