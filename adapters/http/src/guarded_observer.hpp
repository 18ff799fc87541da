#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <webhooks/observer.hpp>

namespace webhooks::http {

/// The host's observer, as used by the adapter. Its exceptions are dropped, because they cannot be
/// logged either. Null means no observer.
class GuardedObserver final : public Observer {
public:
    explicit GuardedObserver(std::shared_ptr<Observer> inner) : inner_(std::move(inner)) {}

    void on_log(LogLevel level, std::string_view line) noexcept override {
        if (!inner_) return;
        try {
            inner_->on_log(level, line);
        } catch (...) {
        }
    }

    void on_record(const LogRecord& record) noexcept override {
        if (!inner_) return;
        try {
            inner_->on_record(record);
        } catch (...) {
        }
    }

private:
    const std::shared_ptr<Observer> inner_;
};

}  // namespace webhooks::http
