#include <atomic>
#include <filter/filter_cache.hpp>
#include <utility>

namespace webhooks::filter {
namespace {

std::atomic_flag is_borrowed;

/// Never destroyed: a host's thread may publish while the process ends.
FilterCache& cache_of_process() {
    static auto* const cache = new FilterCache;
    return *cache;
}

}  // namespace

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

BorrowedFilters::BorrowedFilters() {
    FilterCache& shared = cache_of_process();
    if (!is_borrowed.test_and_set(std::memory_order_acquire)) filters_ = &shared;
}

BorrowedFilters::~BorrowedFilters() {
    if (filters_ != &own_) is_borrowed.clear(std::memory_order_release);
}

}  // namespace webhooks::filter
