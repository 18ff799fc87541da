#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <webhooks/observer.hpp>

namespace server {

/// A log record, and what this program adds.
struct LogEntry {
    webhooks::LogRecord record = {};
    std::optional<webhooks::EventId> event_id = {};
    std::optional<int> number = {};  ///< Of an attempt.
    std::optional<std::chrono::microseconds> duration = {};
    std::string_view trace_id = {};  ///< Of the publication; empty if it has no trace.
    /// Lines of this event that were left out before this one.
    std::size_t suppressed = 0;
};

inline constexpr std::size_t max_line_bytes = 8 * 1024;

/// @param time RFC 3339.
std::string text_line(const LogEntry& entry, const std::string& time);
/// One JSON object, valid UTF-8, at most `max_line_bytes` with the end of the line: a longer
/// message is cut.
std::string json_line(const LogEntry& entry, const std::string& time);

}  // namespace server
