#pragma once

/// @file
/// How this library reports failure: every function that can fail returns `Result<T>`; none throws.

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

/// The kinds of failure that a program can distinguish. The REST adapter derives its status codes
/// from these.
enum class Errc {
    invalid_argument = 1,  ///< The input is invalid; `Error::fields` says which member and why.
    not_found,             ///< Absent, or not visible to the caller: the two look the same.
    forbidden,             ///< The caller is known, but not allowed to do this.
    conflict,              ///< The idempotency key was used for other content, or a similar clash.
    overloaded,            ///< A bounded queue is full; the same call may succeed later.
    unavailable,           ///< Storage or another part does not respond now; try again later.
    locked,                ///< Another running service holds this storage.
    stale_revision,        ///< From storage to service: match again with current subscriptions.
    fenced,                ///< From storage to service: this worker's lease has expired.
    aborted,               ///< From storage to service: an append is not written, because one that
                           ///< is joined with it failed, or because it repeats nothing.
    stopped,               ///< The service is stopping or stopped.
    unsupported,           ///< This storage or transport does not offer the operation.
    internal,              ///< An error of the library or the machine; details are in the log.
    invalid_state,  ///< Not possible in the object's current state, or from where the call is made:
                    ///< moved from, in a child process, or a call that would wait for its own
                    ///< thread.
    timed_out,      ///< A list query took longer than storage allows; the detail says how to narrow
                    ///< it.
    corrupt,        ///< Stored data cannot be decrypted: it was changed, or its key is missing.
};

const std::error_category& error_category() noexcept;
std::error_code make_error_code(Errc) noexcept;

/// An error in one member of an input, e.g. {"url", "must be an absolute http or https URL"}.
struct FieldError {
    /// The member's name in the REST API, without a prefix; in a batch `events[3].eventType`.
    std::string field;
    std::string message;  ///< Human-readable; says what would be valid. Never holds a secret.

    bool operator==(const FieldError&) const = default;
};

/// A failure: a code for programs, a human-readable detail, and the errors of each invalid member.
class Error {
public:
    /// No error: what `Result::error()` returns for a success.
    Error() = default;
    Error(std::error_code code, std::string detail) : code_(code), detail_(std::move(detail)) {}
    Error(Errc code, std::string detail) : Error(make_error_code(code), std::move(detail)) {}
    /// An invalid_argument that lists every invalid member. @pre `fields` is not empty.
    explicit Error(std::vector<FieldError> fields);
    /// An error that concerns several parts of the input. @pre `fields` is not empty.
    Error(std::error_code code, std::vector<FieldError> fields);

    std::error_code code() const noexcept { return code_; }
    const std::string& detail() const& noexcept { return detail_; }
    const std::vector<FieldError>& fields() const& noexcept { return fields_; }
    // `Result::error()` returns a copy, so these return by value: the text outlives the copy.
    std::string detail() && noexcept { return std::move(detail_); }
    std::vector<FieldError> fields() && noexcept { return std::move(fields_); }

    /// "category: detail", for a log. Contains no secret.
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

/// A value, or the Error that prevented it. `value()` on an error throws std::system_error;
/// `operator*` on an error is undefined.
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
