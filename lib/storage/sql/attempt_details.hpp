#pragma once

#include <memory>
#include <optional>
#include <string>
#include <webhooks/event.hpp>

namespace webhooks::storage {

/// Details of an attempt as one column: a line "address lookup connect tls first_byte" with
/// microseconds, or "-" for what is absent; then the headers, as written by `write_headers`.
std::optional<std::string> write_details(const std::shared_ptr<const AttemptDetails>& details);
/// @param is_encrypted as in `read_headers`
std::shared_ptr<const AttemptDetails> read_details(const std::optional<std::string>& text,
                                                   bool is_encrypted);

}  // namespace webhooks::storage
