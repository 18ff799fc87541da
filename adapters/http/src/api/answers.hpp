#pragma once

/// @file
/// The envelope that every answer comes in, and what becomes of errors.

#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/observer.hpp>

#include <webhooks/http/message.hpp>
#include "../json/writer.hpp"

namespace webhooks::http {

/// The text of a writer as an answer.
Response json_response(int status, json::Writer& writer);

/// Ends an answer's object with `success` and `message`.
/// @param writer has an open object, its own members written.
Response success(json::Writer& writer, std::string_view message, int status = 200);

/// Errors of a body that are reported at most.
inline constexpr std::size_t max_errors = 100;

/// `success:false` with a human-readable message. 429 and 503 say when to come again.
/// @param fields become `errors`; a 400 without any is an error of the whole request.
Response failure(int status, std::string_view message, const std::vector<FieldError>& fields = {});

/// The answer to an error. Where it is ours (5xx), the answer says nothing but the request's id,
/// under which the observer gets the detail.
Response failure(const Error& error, std::string_view request_id, Observer& observer);

/// The caller's `x-request-id` if it is 1-128 characters of `[A-Za-z0-9._-]`, else a new one.
std::string choose_request_id(const Fields& fields);

/// Adds what every answer carries.
void add_common_fields(Response& response, const std::string& request_id);

}  // namespace webhooks::http
