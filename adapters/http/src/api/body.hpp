#pragma once

/// @file
/// What operations with a body have in common.

#include <optional>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>

#include <webhooks/http/message.hpp>
#include "../json/object_parser.hpp"
#include "operations.hpp"
#include "query.hpp"

namespace webhooks::http {

/// @return 415 unless the content type is JSON.
std::optional<Response> reject_media_type(const Call& call);

/// The error for a body that is not a JSON object. @return invalid_argument under "body".
Error unreadable(const Error& error);

/// Extracts members from a body. @return invalid_argument under "body".
Result<json::Members> parse_body(const Call& call, json::Names names,
                                 std::string_view raw_member = {});

/// Both of these, for an operation with an optional body: without a body there are no members.
std::optional<Response> reject_media_type_of_any(const Call& call);
Result<json::Members> parse_body_if_any(const Call& call, json::Names names,
                                        std::string_view raw_member = {});

/// Adds the errors that the service found, with `prefix` before the member names. Skips members
/// that already have an error, because those were not read.
void add_errors(FieldErrors& errors, std::string_view prefix, const Result<>& validation);
/// The error of the service, with `prefix` before the member names, if there are any.
Error prefixed(std::string_view prefix, Error error);

}  // namespace webhooks::http
