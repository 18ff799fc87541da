#include "answers.hpp"

#include <webhooks/http/api.hpp>

#include <algorithm>
#include <random>

#include "../ascii.hpp"

namespace webhooks::http {
namespace {

/// When a request that met an overloaded or unavailable service should be repeated.
constexpr const char* retry_after_seconds = "1";

// A response must not be much larger than its request.
constexpr std::size_t max_errors_in_message = 10;
constexpr std::size_t max_error_text = 300;

/// Shortens a long text at a UTF-8 character boundary.
std::string shorten(std::string text) {
    if (text.size() <= max_error_text) return text;
    std::size_t end = max_error_text;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    text.resize(end);
    return text + "...";
}

std::vector<FieldError> shorten(std::vector<FieldError> errors) {
    if (errors.size() > max_errors) errors.resize(max_errors);
    for (FieldError& error : errors)
        error = {shorten(std::move(error.field)), shorten(std::move(error.message))};
    return errors;
}

/// Messages for the same field go into one array.
void write_errors(json::Writer& writer, std::vector<FieldError> fields) {
    std::stable_sort(fields.begin(), fields.end(),
                     [](const auto& a, const auto& b) { return a.field < b.field; });
    writer.key("errors").begin_object();
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const bool is_new = i == 0 || fields[i].field != fields[i - 1].field;
        if (is_new && i > 0) writer.end_array();
        if (is_new) writer.key(fields[i].field).begin_array();
        writer.value(fields[i].message);
    }
    writer.end_array().end_object();
}

bool is_request_id(std::string_view text) {
    return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || is_alpha(c) || c == '.' || c == '_' || c == '-';
    });
}

std::string make_request_id() {
    thread_local std::mt19937_64 random{std::random_device{}()};
    constexpr const char* hex = "0123456789abcdef";
    std::string id(16, '0');
    auto bits = random();
    for (char& c : id) {
        c = hex[bits & 15];
        bits >>= 4;
    }
    return id;
}

/// The details of the first errors.
std::string summary(std::vector<FieldError> errors) {
    const std::size_t count = errors.size();
    errors.resize(std::min(count, max_errors_in_message));
    std::string text = Error(shorten(std::move(errors))).detail();
    if (count > max_errors_in_message) {
        text += "; and " + std::to_string(count - max_errors_in_message) + " more";
    }
    return text;
}

/// A fixed text if the library's detail would reveal what the caller should not know.
std::string public_message(const Error& error, int status, std::string_view request_id) {
    switch (status) {
        case 404:
            return "There is no such object.";
        case 503:
            if (error == Errc::timed_out) return error.detail();
            return "The service cannot do this now. Try again later.";
        case 500:
            return "An internal error occurred. The log contains details under request id " +
                   std::string(request_id) + ".";
        default:
            return error.fields().empty() ? shorten(error.detail()) : summary(error.fields());
    }
}

}  // namespace

Response json_response(int status, json::Writer& writer) {
    return {.status = status,
            .fields = {{"Content-Type", "application/json; charset=utf-8"}},
            .body = writer.take()};
}

Response success(json::Writer& writer, std::string_view message, int status) {
    writer.member("success", true).member("message", message).end_object();
    return json_response(status, writer);
}

Response failure(int status, std::string_view message, const std::vector<FieldError>& fields) {
    json::Writer writer;
    writer.begin_object().member("success", false).member("message", message);
    if (!fields.empty()) {
        write_errors(writer, shorten(fields));
    } else if (status == 400) {
        write_errors(writer, {{"request", std::string(message)}});
    }
    writer.end_object();
    Response response = json_response(status, writer);
    if (status == 503) response.fields.push_back({"Retry-After", retry_after_seconds});
    return response;
}

Response too_many_requests(std::string_view message, std::chrono::seconds wait) {
    Response response = failure(429, message);
    response.fields.push_back({"Retry-After", std::to_string(wait.count())});
    return response;
}

int status_of(const Error& error) {
    if (error.code().category() != error_category()) return 500;
    switch (static_cast<Errc>(error.code().value())) {
        case Errc::invalid_argument:
            return 400;
        case Errc::not_found:
            return 404;
        case Errc::forbidden:
            return 403;
        case Errc::conflict:
        case Errc::corrupt:  // The caller can replace what cannot be decrypted.
            return 409;
        case Errc::overloaded:
        case Errc::unavailable:
        case Errc::locked:
        case Errc::fenced:
        case Errc::stopped:
        case Errc::timed_out:
            return 503;
        case Errc::stale_revision:
        case Errc::aborted:
        case Errc::unsupported:
        case Errc::internal:
        case Errc::invalid_state:
            return 500;
    }
    return 500;
}

Response failure(const Error& error, std::string_view request_id, Observer& observer) {
    const int status = status_of(error);
    if (status >= 500) {
        const LogLevel level = status == 500 ? LogLevel::error : LogLevel::warning;
        const std::string line = "request " + std::string(request_id) + " was answered " +
                                 std::to_string(status) + ": " + error.to_string();
        observer.on_record({.level = level,
                            .event = LogEvent::request_failed,
                            .message = line,
                            .request_id = request_id,
                            .status_code = status});
    }
    return failure(status, public_message(error, status, request_id), error.fields());
}

std::string choose_request_id(const Fields& fields) {
    const std::string_view given = find_field(fields, "x-request-id");
    const bool is_sane = count_fields(fields, "x-request-id") == 1 && is_request_id(given);
    return is_sane ? std::string(given) : make_request_id();
}

void add_common_fields(Response& response, const std::string& request_id) {
    response.fields.reserve(response.fields.size() + 3);
    response.fields.push_back({"X-Request-Id", request_id});
    if (count_fields(response.fields, "cache-control") == 0) {
        response.fields.push_back({"Cache-Control", "no-store"});
    }
    response.fields.push_back({"X-Content-Type-Options", "nosniff"});
}

}  // namespace webhooks::http
