#pragma once

#include <optional>
#include <string_view>
#include <webhooks/time.hpp>

namespace webhooks {

/// A time parsed from text.
struct TimeText {
    Time time{};
    bool is_cut = false;  ///< The text had more digits than `time` can hold.
};

/// Parses `YYYY-MM-DD ["T" hh:mm [":" ss ["." 1*12DIGIT]] ("Z" | ("+"|"-") hh:mm)]`, years
/// 0001-9999; a date without a time is the start of that day in UTC, second 60 is the next second.
std::optional<TimeText> read_time(std::string_view text);

}  // namespace webhooks
