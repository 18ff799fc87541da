#pragma once

#include <chrono>
#include <sstream>
#include <string>
#include <vector>
#include <webhooks/error.hpp>

namespace webhooks {

/// Collects the members of an options aggregate that are out of range.
class RangeCheck {
public:
    template <class T, class Limit>
    void in(const char* member, T value, Limit min, Limit max, const char* unit) {
        if (!(value >= static_cast<T>(min) && value <= static_cast<T>(max))) {
            add(member, text(value, unit), text(min, unit), text(max, unit));
        }
    }

    void in(const char* member, std::chrono::milliseconds value, std::chrono::milliseconds min,
            std::chrono::milliseconds max) {
        in(member, value.count(), min.count(), max.count(), "ms");
    }

    void error(const char* member, std::string message) {
        errors_.push_back({member, std::move(message)});
    }

    Result<> result() const {
        if (errors_.empty()) return {};
        return Error(errors_);
    }

private:
    template <class T>
    static std::string text(T value, const std::string& unit) {
        std::ostringstream out;
        out << value << (unit.empty() ? "" : " ") << unit;
        return out.str();
    }

    void add(const char* member, const std::string& value, const std::string& min,
             const std::string& max) {
        error(member, "is " + value + ", must be " + min + " to " + max);
    }

    std::vector<FieldError> errors_;
};

}  // namespace webhooks
