#include "response_head.hpp"

#include <cstdio>

namespace webhooks::http {
namespace {

const char* reason_of(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 202:
            return "Accepted";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        default:
            return "";
    }
}

/// RFC 9110, section 5.6.7; not by strftime, which asks the locale.
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

/// The same second is asked for many times.
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
    std::string head;
    head.reserve(512);
    head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    head.append(reason_of(response.status)).append("\r\nDate: ").append(date_of(now));
    head.append("\r\nContent-Length: ").append(std::to_string(response.body.size()));
    head.append("\r\nConnection: ").append(keep_alive ? "keep-alive" : "close").append("\r\n");
    for (const Field& field : response.fields) {
        head.append(field.name).append(": ").append(field.value).append("\r\n");
    }
    return head.append("\r\n");
}

}  // namespace webhooks::http
