#pragma once

#include <memory>
#include <webhooks/observer.hpp>

#include "settings.hpp"

namespace server {

/// Writes what the library logs to standard error, a line each: as text its time in UTC, its level
/// and its message, or as JSON with all parts (docs/operating.md has the members). Of more than 20
/// lines of one event within a second the rest is counted, and the count told in a later line.
std::shared_ptr<webhooks::Observer> make_log(const LogSettings& settings);

}  // namespace server
