#include "log.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <map>
#include <mutex>
#include <string>

#include "log_line.hpp"
#include "sources.hpp"

namespace server {
namespace {

using std::chrono::steady_clock;
using webhooks::AttemptReport;
using webhooks::LogEvent;
using webhooks::LogLevel;
using webhooks::LogRecord;
using webhooks::Outcome;

/// The maximum number of lines of one event in each interval; the others are counted.
constexpr std::size_t max_lines = 20;
constexpr std::chrono::seconds storm_interval{1};

/// RFC 3339 with milliseconds.
std::string time_text() {
    using namespace std::chrono;
    const auto now = floor<milliseconds>(system_clock::now());
    const std::time_t seconds = system_clock::to_time_t(now);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(text.data() + length, text.size() - length, ".%03dZ",
                  static_cast<int>(now.time_since_epoch().count() % 1000));
    return text.data();
}

/// The number of lines of one event since a time.
struct Storm {
    LogLevel level = LogLevel::info;
    steady_clock::time_point began{};
    std::size_t lines = 0;
    std::size_t suppressed = 0;
};

class Log final : public webhooks::Observer {
public:
    explicit Log(const LogSettings& settings) : settings_(settings) {}
    ~Log() override { report_suppressed(steady_clock::time_point::max()); }

    void on_log(LogLevel level, std::string_view line) override {
        on_record({.level = level, .message = line});
    }

    void on_record(const LogRecord& record) override { log({.record = record}); }

    void on_attempt(const AttemptReport& report) override {
        const bool is_last = report.outcome == Outcome::exhausted;
        const LogLevel level = is_last ? LogLevel::warning : LogLevel::debug;
        const bool has_failed = is_last || report.outcome == Outcome::retry;
        if (!has_failed || level < settings_.level) return;
        const std::string line = "attempt " + std::to_string(report.number) + " of event " +
                                 std::to_string(report.event.value) + " to subscription " +
                                 std::to_string(report.subscription.value) + " failed" +
                                 (is_last ? ", and no other follows: " : ": ") +
                                 std::string(report.error);
        log({.record = {.level = level,
                        .event = LogEvent::attempt_failed,
                        .message = line,
                        .subscription = report.subscription,
                        .status_code = report.status_code,
                        .reason = report.reason},
             .event_id = report.event,
             .number = report.number,
             .duration = report.duration,
             .trace_id = report.trace ? report.trace->trace_id() : std::string_view()});
    }

    void on_fenced(std::size_t results) override {
        const std::string line = std::to_string(results) +
                                 " results were dropped, for another worker took over: these "
                                 "events are resent";
        log({.record = {
                 .level = LogLevel::warning, .event = LogEvent::results_fenced, .message = line}});
    }

private:
    void log(LogEntry entry) {
        if (entry.record.level < settings_.level) return;
        const std::scoped_lock lock(mutex_);
        const auto now = steady_clock::now();
        report_suppressed(now - storm_interval);
        Storm& storm = storms_[entry.record.event];
        if (now - storm.began >= storm_interval) storm = {.began = now};
        storm.level = entry.record.level;
        if (++storm.lines > max_lines) {
            ++storm.suppressed;
        } else {
            write(entry);
        }
    }

    /// Reports the suppressed lines of intervals that began before then.
    void report_suppressed(steady_clock::time_point until) {
        for (auto& [event, storm] : storms_) {
            if (storm.suppressed == 0 || storm.began > until) continue;
            write({.record = {.level = storm.level,
                              .event = event,
                              .message = "there were more lines of this event than are written"},
                   .suppressed = storm.suppressed});
            storm.suppressed = 0;
        }
    }

    /// One call for the whole line, so that it does not mix with those of other programs.
    void write(LogEntry entry) const {
        const std::string message = with_flags(entry.record.message);
        entry.record.message = message;
        const bool is_json = settings_.format == LogFormat::json;
        const std::string line =
            is_json ? json_line(entry, time_text()) : text_line(entry, time_text());
        std::fwrite(line.data(), 1, line.size(), stderr);
    }

    const LogSettings settings_;
    std::mutex mutex_;
    std::map<LogEvent, Storm> storms_;
};

}  // namespace

std::shared_ptr<webhooks::Observer> make_log(const LogSettings& settings) {
    return std::make_shared<Log>(settings);
}

}  // namespace server
