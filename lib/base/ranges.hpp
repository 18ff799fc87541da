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
    void in(const char* member, T value, Limit least, Limit most, const char* unit) {
        if (!(value >= static_cast<T>(least) && value <= static_cast<T>(most))) {
            add(member, text(value, unit), text(least, unit), text(most, unit));
        }
    }

    void in(const char* member, std::chrono::milliseconds value, std::chrono::milliseconds least,
            std::chrono::milliseconds most) {
        in(member, value.count(), least.count(), most.count(), "ms");
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

    void add(const char* member, const std::string& value, const std::string& least,
             const std::string& most) {
        error(member, "is " + value + ", must be " + least + " to " + most);
    }

    std::vector<FieldError> errors_;
};

}  // namespace webhooks
