#include "writer.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <charconv>

namespace webhooks::http::json {
namespace {

bool needs_escape(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

}  // namespace

Writer& Writer::key(std::string_view name) {
    separate();
    quote(name);
    text_ += ':';
    needs_comma_ = false;
    return *this;
}

Writer& Writer::value(std::string_view text) {
    separate();
    quote(text);
    needs_comma_ = true;
    return *this;
}

Writer& Writer::value(double number) {
    // The longest is the smallest number: 0. and 324 zeros before its digits.
    std::array<char, 400> text{};
    const auto written =
        std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    return plain({text.data(), static_cast<std::size_t>(written.ptr - text.data())});
}

Writer& Writer::open(char bracket) {
    separate();
    text_ += bracket;
    needs_comma_ = false;
    return *this;
}

Writer& Writer::close(char bracket) {
    text_ += bracket;
    needs_comma_ = true;
    return *this;
}

Writer& Writer::plain(std::string_view text) {
    separate();
    text_ += text;
    needs_comma_ = true;
    return *this;
}

void Writer::separate() {
    if (needs_comma_) text_ += ',';
}

void Writer::quote(std::string_view text) {
    if (std::none_of(text.begin(), text.end(), needs_escape)) {
        text_.append("\"").append(text).append("\"");
    } else {
        text_ += boost::json::serialize(text);
    }
}

}  // namespace webhooks::http::json
