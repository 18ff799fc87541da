#pragma once

#include <cstdint>
#include <string>
#include <webhooks/error.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::transport {

/// The kind of all requests of a transport.
enum class Usage : std::uint8_t {
    delivery,  ///< POST, with the headers of a webhook. A part of the response is kept for the log.
    document,  ///< GET. The response's body is what counts.
};

/// The part of a request that is the same for all requests to a target: the request line, Host,
/// User-Agent, Accept-Encoding, and the subscription's own headers.
/// @return invalid_argument if the target's headers violate `check_headers`: they were checked when
/// they were saved, and are checked again before anything is written.
Result<std::string> request_head(const Target& target, const std::string& user_agent,
                                 Usage usage = Usage::delivery);

/// The whole request as sent: `head`, the headers of this attempt, the body.
/// @return invalid_argument if a value cannot be a header's value.
Result<std::string> request_bytes(const std::string& head, const OutgoingRequest& request,
                                  Usage usage = Usage::delivery);

}  // namespace webhooks::transport
