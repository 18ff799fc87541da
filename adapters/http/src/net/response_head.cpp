#include "response_head.hpp"

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <cstdio>

namespace webhooks::http {
namespace beast = boost::beast;
using beast::http::field;

namespace {

/// RFC 9110, section 5.6.7; not by strftime, which depends on the locale.
std::string format_date(std::time_t now) {
    constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[64];
    std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[utc.tm_wday],
                  utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                  utc.tm_sec);
    return text;
}

/// The same second is requested many times.
const std::string& date_of(std::time_t now) {
    thread_local std::time_t formatted = 0;
    thread_local std::string date = format_date(formatted);
    if (formatted != now) {
        formatted = now;
        date = format_date(now);
    }
    return date;
}

}  // namespace

std::string format_head(const Response& response, std::time_t now, bool keep_alive) {
    const auto status = static_cast<beast::http::status>(response.status);
    std::string head;
    head.reserve(512);
    const auto add = [&](std::string_view name, std::string_view value) {
        head.append(name).append(": ").append(value).append("\r\n");
    };
    head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    head.append(beast::http::obsolete_reason(status)).append("\r\n");
    add(to_string(field::date), date_of(now));
    // These two have no body, and another length would be that of a 200 (RFC 9110, 8.6).
    if (response.status != 204 && response.status != 304) {
        add(to_string(field::content_length), std::to_string(response.body.size()));
    }
    add(to_string(field::connection), keep_alive ? "keep-alive" : "close");
    for (const Field& added : response.fields)
        add(added.name, added.value);
    return head.append("\r\n");
}

}  // namespace webhooks::http
