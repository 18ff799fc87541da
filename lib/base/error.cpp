#include <base/never_destroyed.hpp>
#include <ostream>
#include <webhooks/error.hpp>

namespace webhooks {
namespace {

class Category final : public std::error_category {
public:
    const char* name() const noexcept override { return "webhooks"; }
    std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::invalid_argument:
                return "invalid argument";
            case Errc::not_found:
                return "not found";
            case Errc::forbidden:
                return "forbidden";
            case Errc::conflict:
                return "conflict";
            case Errc::overloaded:
                return "overloaded";
            case Errc::unavailable:
                return "unavailable";
            case Errc::locked:
                return "locked by another service";
            case Errc::stale_revision:
                return "stale revision";
            case Errc::fenced:
                return "worker fenced";
            case Errc::aborted:
                return "aborted";
            case Errc::stopped:
                return "stopped";
            case Errc::unsupported:
                return "unsupported";
            case Errc::internal:
                return "internal error";
            case Errc::invalid_state:
                return "invalid state";
            case Errc::timed_out:
                return "timed out";
            case Errc::corrupt:
                return "corrupt";
        }
        return "unknown error";
    }
};

std::string join(const std::vector<FieldError>& fields) {
    std::string text;
    for (const FieldError& field_error : fields) {
        if (!text.empty()) text += "; ";
        text += field_error.field + ": " + field_error.message;
    }
    return text;
}

}  // namespace

const std::error_category& error_category() noexcept {
    static const NeverDestroyed<Category> category;
    return *category;
}

std::error_code make_error_code(Errc code) noexcept {
    return {static_cast<int>(code), error_category()};
}

Error::Error(std::vector<FieldError> fields)
    : Error(make_error_code(Errc::invalid_argument), std::move(fields)) {}

Error::Error(std::error_code code, std::vector<FieldError> fields) : Error(code, join(fields)) {
    fields_ = std::move(fields);
}

std::string Error::to_string() const {
    return code_.message() + ": " + detail_;
}

std::ostream& operator<<(std::ostream& out, Errc code) {
    return out << make_error_code(code).message();
}

std::ostream& operator<<(std::ostream& out, const FieldError& error) {
    return out << error.field << ": " << error.message;
}

std::ostream& operator<<(std::ostream& out, const Error& error) {
    return out << error.to_string();
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::system_error(error.code(), error.detail());
}

}  // namespace webhooks
