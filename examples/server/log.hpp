#pragma once

#include <memory>
#include <webhooks/observer.hpp>

namespace server {

/// Writes each log line of the library, except debug lines, to standard error: its time in UTC, its
/// level, its text.
std::shared_ptr<webhooks::Observer> make_log();

}  // namespace server
