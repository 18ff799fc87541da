#pragma once

#include <string_view>

#include <webhooks/http/message.hpp>

namespace webhooks::http {

/// Whether a content type stands for JSON that we read: `application/json`, `text/json`,
/// `application/*+json` (so also `application/json-patch+json`, whose name is a habit: the body is
/// an ordinary object), with no charset or UTF-8. Other parameters are passed over.
bool is_json_type(std::string_view content_type);

/// Whether the body of a request is coded (compressed), which we do not undo.
bool has_coded_body(const Fields& fields);

}  // namespace webhooks::http
