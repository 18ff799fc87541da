#pragma once

#include <exception>
#include <string_view>

namespace webhooks {

/// What the exception that is being handled says; good until the end of its handler.
/// @pre called inside one.
inline std::string_view what_was_thrown() noexcept {
    try {
        throw;
    } catch (const std::exception& failure) {
        return failure.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

}  // namespace webhooks
