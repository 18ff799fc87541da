#pragma once

#include <cstddef>
#include <filter/payload_filter.hpp>
#include <string>
#include <unordered_map>

namespace webhooks::filter {

/// Filters that were saved, by their text, so that each is parsed once. Of limited size. Not
/// thread-safe.
class WEBHOOKS_EXPORT FilterCache {
public:
    /// @return null for an empty text. What cannot be parsed, which no service has saved, holds for
    /// nothing.
    FilterPtr find(const std::string& text);

    /// How much was parsed, in all calls.
    std::size_t parsed_bytes() const noexcept { return parsed_bytes_; }

private:
    std::unordered_map<std::string, FilterPtr> filters_;
    std::size_t bytes_ = 0;  ///< Of their texts.
    std::size_t parsed_bytes_ = 0;
};

/// A cache for all threads of the process, that one of them uses at a time: a host's transactions
/// have no storage that could keep one. No thread waits for it: while another one has it, or had it
/// when this process was forked, this is a cache of its own.
class WEBHOOKS_EXPORT BorrowedFilters {
public:
    BorrowedFilters();
    ~BorrowedFilters();
    BorrowedFilters(const BorrowedFilters&) = delete;
    BorrowedFilters& operator=(const BorrowedFilters&) = delete;

    FilterCache& filters() noexcept { return *filters_; }

private:
    FilterCache own_;
    FilterCache* filters_ = &own_;
};

/// The same, without a cache.
WEBHOOKS_EXPORT FilterPtr saved_filter(const std::string& text);

}  // namespace webhooks::filter
