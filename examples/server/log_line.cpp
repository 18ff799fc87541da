#include "log_line.hpp"

#include <boost/json.hpp>
#include <chrono>

namespace server {
namespace {

namespace json = boost::json;
using webhooks::FailureReason;

json::object members_of(const LogEntry& entry, const std::string& time) {
    const webhooks::LogRecord& record = entry.record;
    json::object line;
    line["time"] = time;
    line["level"] = webhooks::to_string(record.level);
    line["event"] = webhooks::to_string(record.event);
    line["message"] = record.message;
    if (record.worker) line["workerId"] = record.worker->value;
    if (!record.request_id.empty()) line["requestId"] = record.request_id;
    if (record.subscription) line["subscriptionId"] = record.subscription->value;
    if (entry.event_id) line["eventId"] = entry.event_id->value;
    if (entry.number) line["number"] = *entry.number;
    if (record.status_code) line["statusCode"] = *record.status_code;
    if (record.reason != FailureReason::none) line["reason"] = webhooks::to_string(record.reason);
    if (!entry.trace_id.empty()) line["traceId"] = entry.trace_id;
    if (entry.suppressed > 0) line["suppressed"] = entry.suppressed;
    return line;
}

/// With up to three decimals, as the API writes it; Boost.JSON would write 9.37E-1.
std::string in_milliseconds(std::chrono::microseconds duration) {
    std::string text = std::to_string(duration.count() / 1000);
    if (const auto micros = duration.count() % 1000; micros != 0) {
        text += '.' + std::to_string(1000 + micros).substr(1);
        text.erase(text.find_last_not_of('0') + 1);
    }
    return text;
}

std::string serialize(const json::object& members, const LogEntry& entry) {
    std::string line = json::serialize(members);
    if (!entry.duration) return line;
    line.pop_back();
    return line + R"(,"durationMs":)" + in_milliseconds(*entry.duration) + '}';
}

bool is_valid(const std::string& line) {
    json::error_code error;
    json::parse(line, error);
    return !error;
}

/// A database's messages may have any encoding.
void keep_ascii_alone(json::string& text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
}

/// Cuts a text to at most this many bytes, between two characters of UTF-8.
void cut(json::string& text, std::size_t size) {
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
        --size;
    text.resize(size);
    text += "...";
}

}  // namespace

std::string text_line(const LogEntry& entry, const std::string& time) {
    std::string line = time + ' ' + std::string(webhooks::to_string(entry.record.level)) + ' ' +
                       std::string(entry.record.message);
    if (entry.suppressed > 0) {
        line += " (" + std::to_string(entry.suppressed) + " lines like this were left out before)";
    }
    return line + '\n';
}

std::string json_line(const LogEntry& entry, const std::string& time) {
    json::object members = members_of(entry, time);
    json::string& message = members["message"].as_string();
    std::string line = serialize(members, entry);
    if (!is_valid(line)) {
        keep_ascii_alone(message);
        line = serialize(members, entry);
    }
    // An escape takes up to six bytes.
    while (line.size() >= max_line_bytes) {
        cut(message, message.size() / 2);
        line = serialize(members, entry);
    }
    return line + '\n';
}

}  // namespace server
