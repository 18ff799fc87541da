#pragma once

#include <exception>
#include <string_view>

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

}  // namespace webhooks
