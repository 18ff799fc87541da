#include <filter/filter_cache.hpp>
#include <utility>

namespace webhooks::filter {

FilterPtr saved_filter(const std::string& text) {
    if (text.empty()) return nullptr;
    auto parsed = PayloadFilter::parse(text);
    if (!std::holds_alternative<PayloadFilter>(parsed)) parsed = PayloadFilter::parse("false");
    return std::make_shared<const PayloadFilter>(std::get<PayloadFilter>(std::move(parsed)));
}

FilterPtr FilterCache::find(const std::string& text) {
    // A parsed filter takes about 30 times as much memory as its text.
    constexpr std::size_t max_bytes = 1024 * 1024;
    const auto known = filters_.find(text);
    if (known != filters_.end()) return known->second;
    FilterPtr filter = saved_filter(text);
    if (!filter) return nullptr;
    parsed_bytes_ += text.size();
    if (bytes_ + text.size() > max_bytes) {
        filters_.clear();
        bytes_ = 0;
    }
    filters_.emplace(text, filter);
    bytes_ += text.size();
    return filter;
}

}  // namespace webhooks::filter
