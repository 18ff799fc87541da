#pragma once

#include <string_view>

#include <webhooks/http/message.hpp>

namespace webhooks::http {

/// Whether a content type means JSON: `application/json`, `text/json`, `application/*+json`
/// (including `application/json-patch+json`, which some clients send for ordinary objects), with no
/// charset or UTF-8. Other parameters are ignored.
bool is_json_type(std::string_view content_type);

/// Whether the body of a request has a content encoding (compression), which is not supported.
bool has_content_encoding(const Fields& fields);

}  // namespace webhooks::http
