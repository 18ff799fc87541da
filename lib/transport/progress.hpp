#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <transport/failure.hpp>
#include <webhooks/endpoint.hpp>
#include <webhooks/event.hpp>
#include <webhooks/time.hpp>

namespace webhooks::transport {

/// How far an attempt has progressed, and how long each phase took.
class Progress {
public:
    Phase phase() const noexcept { return phase_; }

    /// Ends the current phase and begins another one. To resolve again begins from the start.
    void enter(Phase phase, SteadyTime now) noexcept {
        if (phase == phase_ && began_ != SteadyTime{}) return;
        end_phase(now);
        if (phase == Phase::resolving) *this = {};
        phase_ = phase;
        began_ = now;
    }
    void connects_to(const IpAddress& address) noexcept { address_ = address; }
    void note_first_byte(SteadyTime now) noexcept {
        if (phase_ == Phase::exchanging) first_byte_ = since_began(now);
    }

    /// For an attempt that ends now. @param response_headers those to keep
    std::shared_ptr<const AttemptDetails> details(Headers response_headers) {
        end_phase(SteadyTime::clock::now());
        return std::make_shared<const AttemptDetails>(
            AttemptDetails{.response_headers = std::move(response_headers),
                           .address = address_ ? address_->to_string() : "",
                           .lookup = lookup_,
                           .connect = connect_,
                           .tls = tls_,
                           .first_byte = first_byte_});
    }

private:
    using Duration = std::optional<std::chrono::microseconds>;

    std::chrono::microseconds since_began(SteadyTime now) const noexcept {
        return std::chrono::duration_cast<std::chrono::microseconds>(now - began_);
    }
    void end_phase(SteadyTime now) noexcept {
        if (began_ == SteadyTime{}) return;
        if (phase_ == Phase::resolving) lookup_ = since_began(now);
        if (phase_ == Phase::connecting) connect_ = since_began(now);
        if (phase_ == Phase::handshaking) tls_ = since_began(now);
    }

    Phase phase_ = Phase::resolving;
    SteadyTime began_{};
    std::optional<IpAddress> address_;
    Duration lookup_;
    Duration connect_;
    Duration tls_;
    Duration first_byte_;
};

}  // namespace webhooks::transport
