#pragma once

#include <string>
#include <webhooks/error.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::transport {

/// The part of a request that is the same for all requests to a target: the request line, Host,
/// User-Agent, Accept-Encoding, and the subscription's own headers.
/// @return invalid_argument if the target's headers violate `check_headers`: they were checked when
/// they were saved, and are checked again before anything is written.
Result<std::string> request_head(const Target& target, const std::string& user_agent);

/// The whole request as sent: `head`, the headers of this attempt, the body.
/// @return invalid_argument if a value cannot be a header's value.
Result<std::string> request_bytes(const std::string& head, const OutgoingRequest& request);

}  // namespace webhooks::transport
