#pragma once

#include <soci/soci.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/event.hpp>
#include <webhooks/ids.hpp>

namespace webhooks::storage {

/// Details of an attempt as one column: a line "address lookup connect tls first_byte" with
/// microseconds, or "-" for what is absent; then the headers, as written by `write_headers`.
std::optional<std::string> write_details(const std::shared_ptr<const AttemptDetails>& details);
/// @param is_encrypted as in `read_headers`
std::shared_ptr<const AttemptDetails> read_details(const std::optional<std::string>& text,
                                                   bool is_encrypted);

/// The attempts of an event, with their details. Throws what SOCI throws.
std::vector<Attempt> read_attempts(soci::session& sql, EventId event);

}  // namespace webhooks::storage
