#pragma once

/// @file
/// What RFC 9112 forbids and Beast 1.81 lets through. Later versions of Beast refuse more of it by
/// themselves, so this file is to shrink.

#include <optional>
#include <string_view>
#include <webhooks/http/message.hpp>

#include "refusal.hpp"

namespace webhooks::http {

/// Judges a head that Beast's parser accepted.
/// @param raw the head's bytes, to see folded lines, which the parser joins.
/// @return the reason if a reader in front of us could understand the framing in another way.
std::optional<Refusal> check_framing(std::string_view raw, const RequestHead& head,
                                     bool is_http_1_0);

}  // namespace webhooks::http
