#pragma once

/// @file
/// The envelope of all responses, and the mapping of errors to responses.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/observer.hpp>

#include <webhooks/http/message.hpp>
#include "../json/writer.hpp"

namespace webhooks::http {

/// A response whose body is the writer's text.
Response json_response(int status, json::Writer& writer);

/// Completes a response's object with `success` and `message`.
/// @param writer has an open object with the response's own members.
Response success(json::Writer& writer, std::string_view message, int status = 200);

/// The maximum number of errors reported for a body.
inline constexpr std::size_t max_errors = 100;

/// `success:false` with a human-readable message. 503 includes Retry-After.
/// @param fields become `errors`; a 400 without any is an error of the whole request.
Response failure(int status, std::string_view message, const std::vector<FieldError>& fields = {});

/// A 429 that says when to repeat the request.
Response too_many_requests(std::string_view message, std::chrono::seconds wait);

/// The response to an error. For an internal error (5xx) it contains only the request's id, under
/// which the observer receives the details.
Response failure(const Error& error, std::string_view request_id, Observer& observer);

/// The caller's `x-request-id` if it is 1-128 characters of `[A-Za-z0-9._-]`, otherwise a new one.
std::string choose_request_id(const Fields& fields);

/// Adds the fields that every response has; `Cache-Control` unless the response has its own.
void add_common_fields(Response& response, const std::string& request_id);

}  // namespace webhooks::http
