#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A trace context of W3C Trace Context, level 1: which trace something belongs to.
struct TraceContext {
    /// Version 00: `00-TRACE-PARENT-FLAGS`, in lower-case hexadecimal.
    std::string traceparent;
    /// Empty, or what tracing systems add: at most 512 bytes.
    std::string tracestate = {};

    bool operator==(const TraceContext&) const = default;

    /// @return nullopt unless `traceparent` is one of version 00 whose ids are not zero. A
    /// `tracestate` that is invalid or too long is left out.
    static std::optional<TraceContext> parse(std::string_view traceparent,
                                             std::string_view tracestate = {});
    /// The trace's part of `traceparent`, 32 digits; empty if that is not valid.
    std::string_view trace_id() const noexcept;
    /// The same trace, with another parent. @param parent_id not 0
    TraceContext child(std::uint64_t parent_id) const;
};

}  // namespace webhooks
