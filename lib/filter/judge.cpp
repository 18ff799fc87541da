#include <base/ascii.hpp>
#include <filter/judge.hpp>

namespace webhooks::filter {
namespace {

/// Whether a media type is JSON, or one of those that are written in it: `application/x+json`.
bool is_json(std::string_view content_type) {
    const std::string type =
        ascii::lower(ascii::trimmed(content_type.substr(0, content_type.find(';'))));
    return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

}  // namespace

Message Judge::message() {
    if (!is_read_ && is_json(content_type_)) document_ = JsonDocument::parse(payload_);
    is_read_ = true;
    return {.event_type = event_type_, .payload = document_ ? &*document_ : nullptr};
}

bool Judge::lets_through(const PayloadFilter& filter) {
    const auto known = verdicts_.find(&filter);
    if (known != verdicts_.end()) return known->second;
    const bool verdict = filter.judge(message(), visits_) == true;
    verdicts_.emplace(&filter, verdict);
    return verdict;
}

bool Judge::lets_through(const std::string& filter) {
    if (filter.empty()) return true;
    const auto known = verdicts_by_text_.find(filter);
    if (known != verdicts_by_text_.end()) return known->second;
    const auto parsed = PayloadFilter::parse(filter);
    const auto* condition = std::get_if<PayloadFilter>(&parsed);
    const bool verdict = condition && condition->judge(message(), visits_) == true;
    verdicts_by_text_.emplace(filter, verdict);
    return verdict;
}

}  // namespace webhooks::filter
