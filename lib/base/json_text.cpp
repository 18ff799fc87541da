#include <base/json_text.hpp>
#include <chrono>
#include <cstdio>

namespace webhooks {

std::string json_string(std::string_view text) {
    std::string json = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            json += {'\\', c};
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
            json += escape;
        } else {
            json += c;
        }
    }
    return json + '"';
}

JsonMembers& JsonMembers::add_json(std::string_view name, std::string_view json) {
    if (!text_.empty()) text_ += ',';
    text_ += json_string(name) + ':';
    text_ += json;
    return *this;
}

JsonMembers& JsonMembers::append(std::string_view members) {
    if (!text_.empty() && !members.empty()) text_ += ',';
    text_ += members;
    return *this;
}

JsonMembers& JsonMembers::add(std::string_view name, std::string_view text) {
    return add_json(name, json_string(text));
}

JsonMembers& JsonMembers::add(std::string_view name, std::int64_t number) {
    return add_json(name, std::to_string(number));
}

JsonMembers& JsonMembers::add(std::string_view name, Time time) {
    return add(name, std::string_view(time_text(time)));
}

JsonMembers& JsonMembers::add(std::string_view name, const std::vector<std::string_view>& texts) {
    std::string json = "[";
    for (const std::string_view text : texts) {
        if (json.size() > 1) json += ',';
        json += json_string(text);
    }
    return add_json(name, json + ']');
}

JsonMembers& JsonMembers::add(std::string_view name, const JsonMembers& object) {
    return add_json(name, object.object());
}

std::string time_text(Time time) {
    namespace chrono = std::chrono;
    const auto day = chrono::floor<chrono::days>(time);
    const chrono::year_month_day date(day);
    const chrono::hh_mm_ss clock(chrono::floor<chrono::milliseconds>(time - day));
    char text[48];
    std::snprintf(
        text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return text;
}

}  // namespace webhooks
