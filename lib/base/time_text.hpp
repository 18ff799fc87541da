#pragma once

#include <optional>
#include <string_view>
#include <webhooks/time.hpp>

namespace webhooks {

/// A time that was written as text.
struct TimeText {
    Time time{};
    bool is_cut = false;  ///< It was written with more digits than `time` holds.
};

/// Reads `YYYY-MM-DD ["T" hh:mm [":" ss ["." 1*12DIGIT]] ("Z" | ("+"|"-") hh:mm)]`, years
/// 0001-9999; a day alone is its beginning in UTC, second 60 is the next one.
std::optional<TimeText> read_time(std::string_view text);

}  // namespace webhooks
