#pragma once

#include <filter/payload_filter.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace webhooks::filter {

/// Judges filters on one event. The payload is read for the first of them, and each distinct filter
/// is judged once. What the arguments refer to must outlive it.
class WEBHOOKS_EXPORT Judge {
public:
    Judge(std::string_view event_type, std::string_view content_type, std::string_view payload)
        : event_type_(event_type), content_type_(content_type), payload_(payload) {}

    /// Whether it holds; false if that is unknown. @param filter must outlive this object.
    bool lets_through(const PayloadFilter& filter);
    /// The same for its text. An empty one lets everything through, and one that cannot be parsed,
    /// which no service has saved, nothing.
    bool lets_through(const std::string& filter);

    Message message();
    /// How much the filters so far have looked at, as a measure of time without a clock.
    std::size_t visits() const noexcept { return visits_; }

private:
    const std::string_view event_type_;
    const std::string_view content_type_;
    const std::string_view payload_;
    bool is_read_ = false;
    std::size_t visits_ = 0;
    std::optional<JsonDocument> document_;
    std::unordered_map<const PayloadFilter*, bool> verdicts_;
    std::map<std::string, bool> verdicts_by_text_;
};

}  // namespace webhooks::filter
