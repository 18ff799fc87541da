#include <transport/failure.hpp>
#include <utility>

namespace webhooks::transport {
namespace {

std::string seconds(std::chrono::milliseconds time) {
    if (time.count() % 1000 != 0) return std::to_string(time.count()) + " ms";
    return std::to_string(time.count() / 1000) + " s";
}

/// Why an attempt fails that comes no further than this phase.
FailureReason reason_of(Phase phase) {
    switch (phase) {
        case Phase::resolving:
            return FailureReason::lookup;
        case Phase::connecting:
            return FailureReason::connect;
        case Phase::handshaking:
            return FailureReason::tls;
        case Phase::exchanging:
        case Phase::reading_body:
            break;
    }
    return FailureReason::reset;
}

std::string text_of(Phase phase, const std::error_code& code) {
    if (phase == Phase::connecting) {
        if (code == std::errc::connection_refused) return "connection refused";
        if (code == std::errc::timed_out) return "connection timed out";
        return "could not connect: " + code.message();
    }
    const std::string when =
        phase == Phase::handshaking ? " in the TLS handshake" : " before a response";
    if (code == std::errc::connection_reset) return "connection reset" + when;
    if (code == std::errc::broken_pipe) return "connection closed" + when;
    return "connection failed" + when + ": " + code.message();
}

/// A suggestion, if anything helps.
std::string local_reason(const std::error_code& code) {
    if (code == std::errc::too_many_files_open) {
        return "no file descriptor for a connection: raise this process's limit (ulimit -n)";
    }
    if (code == std::errc::too_many_files_open_in_system) {
        return "no file descriptor for a connection: raise this machine's limit (fs.file-max)";
    }
    if (code == std::errc::address_not_available ||
        code == std::errc::resource_unavailable_try_again) {
        return "no free port for a connection: widen net.ipv4.ip_local_port_range";
    }
    return code.message();
}

}  // namespace

bool is_local_error(const std::error_code& code) noexcept {
    return code == std::errc::too_many_files_open ||
           code == std::errc::too_many_files_open_in_system || code == std::errc::no_buffer_space ||
           code == std::errc::not_enough_memory ||
           // No watch left for a socket, or no port left for a connection.
           code == std::errc::no_space_on_device || code == std::errc::address_not_available ||
           code == std::errc::resource_unavailable_try_again;
}

TransportAnswer failed(FailureReason reason, std::string error) {
    return {.kind = TransportAnswer::Kind::failed, .error = std::move(error), .reason = reason};
}

TransportAnswer not_sent(std::string error) {
    return {.kind = TransportAnswer::Kind::not_sent, .error = std::move(error)};
}

TransportAnswer failed(Phase phase, const std::error_code& code) {
    return is_local_error(code) ? not_sent(local_reason(code))
                                : failed(reason_of(phase), text_of(phase, code));
}

TransportAnswer timed_out(Phase phase, std::chrono::milliseconds timeout) {
    switch (phase) {
        case Phase::resolving:
            return failed(FailureReason::lookup, "could not resolve host: timed out");
        case Phase::connecting:
            return failed(FailureReason::connect, "connection timed out");
        case Phase::handshaking:
            return failed(FailureReason::tls, "TLS handshake timed out");
        case Phase::exchanging:
        case Phase::reading_body:
            break;
    }
    return failed(FailureReason::timeout, "no response within " + seconds(timeout));
}

}  // namespace webhooks::transport
