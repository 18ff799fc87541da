#pragma once

/// @file
/// Checks for what RFC 9112 forbids and Beast 1.81 accepts. Later versions of Beast reject more of
/// it, so this file should shrink.

#include <optional>
#include <string_view>
#include <webhooks/http/message.hpp>

#include "request_error.hpp"

namespace webhooks::http {

/// Checks a head that Beast's parser accepted.
/// @param raw the bytes of the head, to detect folded lines, which the parser joins.
/// @return the error if a proxy in front of the server could understand the framing differently.
std::optional<RequestError> check_framing(std::string_view raw, const RequestHead& head,
                                          bool is_http_1_0);

}  // namespace webhooks::http
