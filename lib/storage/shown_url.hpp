#pragma once

#include <string_view>

namespace webhooks::storage {

/// What others than its owner may be told of a URL: queries and fragments may hold credentials.
inline std::string_view without_query(std::string_view url) {
    return url.substr(0, url.find_first_of("?#"));
}

}  // namespace webhooks::storage
