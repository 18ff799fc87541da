#include "log.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>

namespace server {
namespace {

using webhooks::LogLevel;

const char* name_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warning:
            return "warning";
        case LogLevel::error:
            return "error";
    }
    return "";
}

/// RFC 3339 with milliseconds.
std::array<char, 32> time_text() {
    using namespace std::chrono;
    const auto now = floor<milliseconds>(system_clock::now());
    const std::time_t seconds = system_clock::to_time_t(now);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(text.data() + length, text.size() - length, ".%03dZ",
                  static_cast<int>(now.time_since_epoch().count() % 1000));
    return text;
}

class Log final : public webhooks::Observer {
public:
    void on_log(LogLevel level, std::string_view line) noexcept override {
        if (level == LogLevel::debug) return;
        // A single call for the whole line, so that the lines of several threads do not mix.
        std::fprintf(stderr, "%s %s %.*s\n", time_text().data(), name_of(level),
                     static_cast<int>(line.size()), line.data());
    }
};

}  // namespace

std::shared_ptr<webhooks::Observer> make_log() {
    return std::make_shared<Log>();
}

}  // namespace server
