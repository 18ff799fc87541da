#pragma once

#include <string>
#include <webhooks/error.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::transport {

/// The part of a request that is the same for all requests to a target: the request line, Host,
/// User-Agent, Accept-Encoding, and the subscription's own headers.
/// @return invalid_argument when the target's headers are not what `check_headers` allows: they
///     were judged when they were saved, and nothing is written that was not judged again.
Result<std::string> request_head(const Target& target, const std::string& user_agent);

/// The whole request as it is sent: `head`, the headers of this one attempt, the body.
/// @return invalid_argument when a value could not stand in a header.
Result<std::string> request_bytes(const std::string& head, const OutgoingRequest& request);

}  // namespace webhooks::transport
