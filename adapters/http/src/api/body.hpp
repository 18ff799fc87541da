#pragma once

/// @file
/// What the operations that take a body have in common.

#include <optional>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>

#include "../json/object_parser.hpp"
#include "../message.hpp"
#include "query.hpp"

namespace webhooks::http {

/// @return 415 unless the body is JSON by its content type.
std::optional<Response> refuse_media_type(const Request& request);

/// What is said of a body that is no JSON object. @return invalid_argument under "body".
Error unreadable(const Error& error);

/// Takes a body apart. @return invalid_argument under "body".
Result<json::Members> parse_body(const Request& request, std::string_view raw_member = {});

/// As both of these, for an operation that needs no body: without one there are no members.
std::optional<Response> refuse_media_type_of_any(const Request& request);
Result<json::Members> parse_body_if_any(const Request& request, std::string_view raw_member = {});

/// All that is wrong with a body: what its reader found, and what the service found in the rest.
/// @param service_error tells of the service's members, to be named with `prefix`; a member that
/// the reader named already, itself or what it is a member of, is left out, and so are those that
/// end in `not_asked` where the reader found something.
Error merge_faults(Faults reader_faults, const Error& service_error, std::string_view prefix,
                   std::string_view not_asked);

}  // namespace webhooks::http
