#include <delivery/retry_after.hpp>
#include <support/catch.hpp>

namespace webhooks::delivery {

using namespace std::chrono_literals;

TEST_CASE("Retry-After is seconds or a date in any of the three forms, and never negative") {
    // 1994-11-06T08:49:07Z, half a minute before the example of RFC 9110.
    constexpr Time asked_at =
        std::chrono::sys_days(std::chrono::November / 6 / 1994) + 8h + 49min + 7s;
    struct Row {
        const char* value;
        std::optional<std::chrono::seconds> pause;
    };
    const Row rows[] = {
        {"0", 0s},
        {"120", 120s},
        {"00120", 120s},
        {"99999999999999999999999", 24h * 366},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 30s},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 30s},
        {"Sun Nov  6 08:49:37 1994", 30s},
        {"Sun Nov 16 08:49:37 1994", 240h + 30s},
        {"Tuesday, 06-Nov-44 08:49:07 GMT", 24h * 366},
        {"Sunday, 06-Nov-45 08:49:07 GMT", 0s},
        {"Sat, 05 Nov 1994 08:49:37 GMT", 0s},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 24h * 366},
        {"", {}},
        {" 5", 5s},
        {"-5", {}},
        {"1.5", 2s},
        {"1.0", 1s},
        {"0.001", 1s},
        {"99999999999999999999999.5", 24h * 366},
        {".5", {}},
        {"1.", {}},
        {"1.5.2", {}},
        {"1,5", 5s},
        {"120, 60", 120s},
        {"60,\t120 ,", 120s},
        {"soon, 7", 7s},
        {"5, Sun, 06 Nov 1994 08:49:37 GMT, 10", 30s},
        {"Sunday, 06-Nov-94 08:49:37 GMT, 31", 31s},
        {"Sun Nov  6 08:49:37 1994, Sun, 06 Nov 1994 08:49:39 GMT", 32s},
        {",", {}},
        {"5 s", {}},
        {"soon", {}},
        {"Sun, 06 Nov 1994 08:49:37", {}},
        {"Sun, 06 Nov 1994 08:49:37 GMT+1", {}},
        {"Sun, 31 Feb 1994 08:49:37 GMT", {}},
        {"Sun, 06 Now 1994 08:49:37 GMT", {}},
        {"Sun, 06 ovD 1994 08:49:37 GMT", {}},
        {"Sun, 06 Nov 1994 24:49:37 GMT", {}},
    };
    for (const Row& row : rows) {
        INFO(row.value);
        CHECK(parse_retry_after(row.value, asked_at) == row.pause);
    }
    CHECK_FALSE(parse_retry_after(std::string(1025, '1'), asked_at));
}

}  // namespace webhooks::delivery
