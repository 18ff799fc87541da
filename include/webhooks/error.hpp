#pragma once

/// @file
/// How this library reports failure: every fallible function returns `Result<T>`; none throws.

#include <boost/system/result.hpp>
#include <iosfwd>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// What went wrong, as far as a program needs to tell cases apart. The REST adapter's statuses
/// follow from these alone.
enum class Errc {
    invalid_argument = 1,  ///< The input is wrong; `Error::fields` says which member and why.
    not_found,             ///< Absent, or not visible to the caller: the two are never told apart.
    forbidden,             ///< Known caller, but it may not do this.
    conflict,              ///< The idempotency key was used for other content, or a like clash.
    overloaded,            ///< A bounded queue is full; the same call may succeed later.
    unavailable,           ///< Storage or another part does not answer now; try again later.
    locked,                ///< Another running service holds this storage.
    stale_revision,        ///< Storage to service only: match again with fresh subscriptions.
    fenced,                ///< Storage to service only: this worker was declared dead.
    withdrawn,             ///< Storage to service only: what it was to happen with failed.
    stopped,               ///< The service is stopping or stopped.
    unsupported,           ///< This storage or transport does not offer the operation.
    internal,              ///< A fault of ours or of the machine; the detail is for the log.
    invalid_state,  ///< The object cannot do this as it is, or from where the call is made: moved
                    ///< from, in a child process, or a call that would wait for its own thread.
    timed_out,      ///< A list query took longer than storage allows; the detail says what narrows
                    ///< it.
};

const std::error_category& error_category() noexcept;
std::error_code make_error_code(Errc) noexcept;

/// One fault of one member of an input, e.g. {"url", "must be an absolute http or https URL"}.
struct FieldError {
    /// Member name as the REST API spells it, without a prefix; in a batch `events[3].eventType`.
    std::string field;
    std::string message;  ///< For a person; says what would be right. Never holds a secret.

    bool operator==(const FieldError&) const = default;
};

/// A failure: a code for programs, a detail for people, and the faults of each member at fault.
class Error {
public:
    /// No error: what `Result::error()` gives for a success.
    Error() = default;
    Error(std::error_code code, std::string detail) : code_(code), detail_(std::move(detail)) {}
    Error(Errc code, std::string detail) : Error(make_error_code(code), std::move(detail)) {}
    /// An invalid_argument that names every member at fault. @pre `fields` is not empty.
    explicit Error(std::vector<FieldError> fields);
    /// An error of several parts of the input. @pre `fields` is not empty.
    Error(std::error_code code, std::vector<FieldError> fields);

    std::error_code code() const noexcept { return code_; }
    const std::string& detail() const& noexcept { return detail_; }
    const std::vector<FieldError>& fields() const& noexcept { return fields_; }
    // `Result::error()` gives a copy: what is taken from it outlives it.
    std::string detail() && noexcept { return std::move(detail_); }
    std::vector<FieldError> fields() && noexcept { return std::move(fields_); }

    /// "category: detail", for a log. Holds no secret.
    std::string to_string() const;

    bool operator==(Errc code) const noexcept { return code_ == make_error_code(code); }

private:
    std::error_code code_;
    std::string detail_;
    std::vector<FieldError> fields_;
};

// For logs and tests: the code's name, "field: message", and `Error::to_string`.
std::ostream& operator<<(std::ostream&, Errc);
std::ostream& operator<<(std::ostream&, const FieldError&);
std::ostream& operator<<(std::ostream&, const Error&);

/// A value, or the Error that kept it from being made. `value()` on an error throws
/// std::system_error; `operator*` on an error is undefined.
template <class T = void>
class [[nodiscard]] Result : public boost::system::result<T, Error> {
public:
    using boost::system::result<T, Error>::result;
};

/// Found by Boost.System when `value()` is called on an error.
[[noreturn]] void throw_exception_from_error(const Error&, const boost::source_location&);

}  // namespace webhooks

namespace std {

template <>
struct is_error_code_enum<webhooks::Errc> : true_type {};

}  // namespace std
