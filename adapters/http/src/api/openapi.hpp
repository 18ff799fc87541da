#pragma once

#include <string_view>

namespace webhooks::http {

/// openapi.json, with the default base path.
std::string_view openapi_text();

}  // namespace webhooks::http
