#pragma once

#include <memory>
#include <webhooks/observer.hpp>

#include "settings.hpp"

namespace server {

/// Writes the log records of the library to standard error, one per line: as text with the time in
/// UTC, the level and the message, or as JSON with all parts (docs/operating.md lists the members).
/// At most 20 lines per event and second are written; the rest is counted, and a later line has the
/// count.
std::shared_ptr<webhooks::Observer> make_log(const LogSettings& settings);

}  // namespace server
