#pragma once

/// @file
/// What the operations that take a body have in common.

#include <optional>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>

#include <webhooks/http/message.hpp>
#include "../json/object_parser.hpp"
#include "operations.hpp"
#include "query.hpp"

namespace webhooks::http {

/// @return 415 unless the body is JSON by its content type.
std::optional<Response> refuse_media_type(const Call& call);

/// What is said of a body that is no JSON object. @return invalid_argument under "body".
Error unreadable(const Error& error);

/// Takes members out of a body. @return invalid_argument under "body".
Result<json::Members> parse_body(const Call& call, json::Names names,
                                 std::string_view raw_member = {});

/// As both of these, for an operation that needs no body: without one there are no members.
std::optional<Response> refuse_media_type_of_any(const Call& call);
Result<json::Members> parse_body_if_any(const Call& call, json::Names names,
                                        std::string_view raw_member = {});

/// Adds the errors that the service found in what was read of a body, their members named with
/// `prefix`; but not of members that have an error already, for these were not read.
void add_errors(FieldErrors& errors, std::string_view prefix, const Result<>& validation);

}  // namespace webhooks::http
