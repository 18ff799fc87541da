#pragma once

#include <string_view>

#include "../ascii.hpp"

namespace webhooks::http {

/// The token in the value of an `Authorization` field; empty if it has another scheme, which may be
/// meant for a proxy.
inline std::string_view bearer_token(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    if (!iequals(authorization.substr(0, scheme.size()), scheme)) return {};
    return trim(authorization.substr(scheme.size()));
}

}  // namespace webhooks::http
