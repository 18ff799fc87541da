#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <webhooks/trace.hpp>

namespace webhooks::storage {

/// A trace context as one column: its two headers, each on a line.
inline std::optional<std::string> write_trace(const std::optional<TraceContext>& trace) {
    if (!trace) return std::nullopt;
    return trace->traceparent + "\n" + trace->tracestate;
}

inline std::optional<TraceContext> read_trace(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    const std::size_t end = std::min(text->find('\n'), text->size());
    return TraceContext{.traceparent = text->substr(0, end),
                        .tracestate = text->substr(std::min(end + 1, text->size()))};
}

}  // namespace webhooks::storage
