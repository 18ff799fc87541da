#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/error.hpp>
#include <webhooks/observer.hpp>

#include "file_state.hpp"

namespace webhooks::http {

/// A value made from files, which is made again once they have changed. If they have become
/// unusable, the previous value stays in use. Thread-safe.
template <class Value>
class ReloadedFiles {
public:
    struct Source {
        std::vector<std::string> files;
        std::function<Result<Value>()> load;
    };
    /// What is logged after a change.
    struct Report {
        LogEvent reloaded;
        std::string_view reloaded_message;
        LogEvent unusable;
        std::string_view unusable_message;  ///< The reason follows.
    };

    /// @return why the files cannot be used.
    static Result<std::unique_ptr<ReloadedFiles>> load(Source source, const Report& report,
                                                       std::shared_ptr<Clock> clock,
                                                       std::shared_ptr<Observer> observer) {
        // The state first: a change while the files are read is then noticed.
        std::string state = state_of(source.files);
        Result<Value> value = source.load();
        if (!value) return value.error();
        return std::unique_ptr<ReloadedFiles>(
            new ReloadedFiles(std::move(source), report, std::move(clock), std::move(observer),
                              std::move(state), *std::move(value)));
    }

    Value current() {
        if (source_.files.empty()) return value_;
        const std::scoped_lock lock(mutex_);
        const SteadyTime now = clock_->steady_now();
        if (now - checked_ >= check_interval) {
            checked_ = now;
            refresh();
        }
        return value_;
    }

private:
    /// How long the last check of the files is valid.
    static constexpr std::chrono::seconds check_interval{1};

    ReloadedFiles(Source source, const Report& report, std::shared_ptr<Clock> clock,
                  std::shared_ptr<Observer> observer, std::string state, Value value)
        : source_(std::move(source)),
          report_(report),
          clock_(std::move(clock)),
          observer_(std::move(observer)),
          state_(std::move(state)),
          checked_(clock_->steady_now()),
          value_(std::move(value)) {}

    static std::string state_of(const std::vector<std::string>& files) {
        std::string state;
        for (const std::string& file : files) {
            state += file_state(file) + '/';
        }
        return state;
    }

    void refresh() {
        std::string state = state_of(source_.files);
        if (state == state_) return;
        state_ = std::move(state);
        Result<Value> value = source_.load();
        if (value) {
            value_ = *std::move(value);
            observer_->on_record({.level = LogLevel::info,
                                  .event = report_.reloaded,
                                  .message = report_.reloaded_message});
        } else {
            const std::string line =
                std::string(report_.unusable_message) + ": " + value.error().detail();
            observer_->on_record(
                {.level = LogLevel::warning, .event = report_.unusable, .message = line});
        }
    }

    const Source source_;
    const Report report_;
    const std::shared_ptr<Clock> clock_;
    const std::shared_ptr<Observer> observer_;
    std::mutex mutex_;
    std::string state_;  ///< Of the files when they were last read.
    SteadyTime checked_;
    Value value_;
};

}  // namespace webhooks::http
