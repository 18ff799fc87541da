#pragma once

#include <boost/system/system_error.hpp>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <webhooks/error.hpp>

namespace webhooks {

/// The message of the exception that is being handled; valid until the end of its handler.
/// @pre called inside a handler.
inline std::string_view what_was_thrown() noexcept {
    try {
        throw;
    } catch (const std::exception& failure) {
        return failure.what();
    } catch (...) {
        return "an exception that is not a std::exception";
    }
}

/// What a call returns instead of throwing. @pre called inside the handler of an exception.
inline Error error_of_thrown() noexcept {
    try {
        throw;
    } catch (const std::bad_alloc&) {
        return {Errc::unavailable, "out of memory"};  // Short enough to need no allocation.
    } catch (...) {
        try {
            return {Errc::internal, "an exception: " + std::string(what_was_thrown())};
        } catch (...) {
            return {Errc::internal, {}};
        }
    }
}

/// As `error_of_thrown`, for a call that opens descriptors.
inline Error error_of_opening(const std::string& what) {
    try {
        throw;
    } catch (const boost::system::system_error& failure) {
        const bool lacks_descriptors =
            failure.code() == boost::system::errc::too_many_files_open ||
            failure.code() == boost::system::errc::too_many_files_open_in_system;
        return {Errc::unavailable,
                "cannot open " + what + ": " + failure.code().message() +
                    (lacks_descriptors ? "; raise the limit of descriptors (ulimit -n)" : "")};
    } catch (...) {
        return error_of_thrown();
    }
}

}  // namespace webhooks
