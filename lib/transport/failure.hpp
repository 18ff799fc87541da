#pragma once

/// @file
/// What an attempt's error says. The texts are for people and do not change: they are stored and
/// shown. None names an address, a header or a part of the URL.

#include <chrono>
#include <string>
#include <system_error>
#include <webhooks/transport.hpp>

namespace webhooks::transport {

/// How far an attempt has come.
enum class Phase { resolving, connecting, handshaking, exchanging, reading_body };

/// This process or machine is short of something (descriptors, memory, ports): says nothing about
/// the endpoint.
bool is_local_error(const std::error_code& code) noexcept;

/// What ends an attempt without an answer.
TransportAnswer failed(FailureReason reason, std::string error);
TransportAnswer not_sent(std::string error);
/// A system call failed in this phase; `not_sent` for a local error.
TransportAnswer failed(Phase phase, const std::error_code& code);
/// The time of this phase is up. @param attempt_timeout for the text alone
TransportAnswer timed_out(Phase phase, std::chrono::milliseconds attempt_timeout);

}  // namespace webhooks::transport
