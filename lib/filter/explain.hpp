#pragma once

#include <filter/payload_filter.hpp>
#include <string_view>
#include <vector>
#include <webhooks/payload_filter.hpp>

namespace webhooks::filter {

/// What each condition of a filter comes to, whether or not it decides the whole; those inside of
/// `any` and `all` belong to the condition that these are.
/// @param text that the filter was parsed from.
WEBHOOKS_EXPORT std::vector<FilterCondition> explain(const PayloadFilter& filter,
                                                     std::string_view text,
                                                     const Candidate& candidate);

}  // namespace webhooks::filter
