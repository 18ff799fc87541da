#pragma once

#include <compare>
#include <string_view>

namespace webhooks::filter {

/// Compares two numbers exactly, of any size, in time linear in their texts.
/// @pre Each is `["+"|"-"] 1*DIGIT ["." 1*DIGIT] ["e" ["+"|"-"] 1*DIGIT]`, as in JSON and in
/// filters; "e" of either case.
std::strong_ordering compare_decimals(std::string_view left, std::string_view right);

}  // namespace webhooks::filter
