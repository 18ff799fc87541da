#pragma once

/// @file
/// The error texts of attempts. They are human-readable and stable, because they are stored and
/// shown. None contains an address, a header or a part of the URL.

#include <chrono>
#include <string>
#include <system_error>
#include <webhooks/transport.hpp>

namespace webhooks::transport {

/// How far an attempt has progressed.
enum class Phase { resolving, connecting, handshaking, exchanging, reading_body };

/// This process or machine is out of a resource (descriptors, memory, ports): says nothing about
/// the endpoint.
bool is_local_error(const std::error_code& code) noexcept;

/// The result of an attempt without a response.
TransportAnswer failed(FailureReason reason, std::string error);
TransportAnswer not_sent(std::string error);
/// A system call failed in this phase; `not_sent` for a local error.
TransportAnswer failed(Phase phase, const std::error_code& code);
/// The time of this phase is up. @param timeout of the attempt, only for the text
TransportAnswer timed_out(Phase phase, std::chrono::milliseconds timeout);

}  // namespace webhooks::transport
