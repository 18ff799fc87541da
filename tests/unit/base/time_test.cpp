#include <support/catch.hpp>
#include <webhooks/time.hpp>

using namespace webhooks;
using namespace std::chrono_literals;

TEST_CASE("a time is read as RFC 3339 writes it") {
    const Time noon{std::chrono::sys_days(std::chrono::January / 31 / 2026) + 12h};
    const auto [text, expected] = GENERATE_COPY(table<const char*, Time>({
        {"2026-01-31T12:00:00Z", noon},
        {"2026-01-31t12:00:00z", noon},
        {"2026-01-31T12:00Z", noon},
        {"2026-01-31", noon - 12h},
        {"2026-01-31T14:00:00+02:00", noon},
        {"2026-01-31T00:30:00-11:30", noon},
        {"2026-01-31T12:00:00.25Z", noon + 250ms},
        {"2026-01-31T12:00:00.000001Z", noon + 1us},
        {"2026-01-31T12:00:00.000001999999Z", noon + 1us},
        {"2026-01-31T11:59:60Z", noon},
        {"1969-12-31T23:59:59.999999Z", Time{-1us}},
    }));
    INFO(text);
    CHECK(parse_time(text) == expected);
}

TEST_CASE("any other text is not a time") {
    const auto text = GENERATE(
        "", "now", "1767225600", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z",
        "2026-01-31T12:00:00 02:00", "2026-02-29T00:00:00Z", "2026-13-01", "0000-01-01",
        "10000-01-01", "2026-1-31", "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z",
        "2026-01-31T12:00:61Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00.0000000000001Z",
        "2026-01-31T12:00:00+2:00", "2026-01-31T12:00:00+24:00", "2026-01-31T12:00:00Zx",
        " 2026-01-31", "2026-01-31 ", "2026-01-31Z");
    INFO(text);
    CHECK_FALSE(parse_time(text));
}
