#include "framing_check.hpp"

#include <algorithm>

#include "../ascii.hpp"

namespace webhooks::http {
namespace {

bool is_target_character(char c) {
    return c > ' ' && c < 0x7f && c != '#';
}

/// Host and port as RFC 3986 spells them, or empty; whether they name this server is not checked.
bool is_authority(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || is_alpha(c) ||
               std::string_view("-._~%!$&'()*+,;=:[]").find(c) != std::string_view::npos;
    });
}

std::optional<Refusal> check_host(const Fields& fields) {
    if (count_fields(fields, "host") != 1) {
        return Refusal{400, "there must be exactly one Host field"};
    }
    if (!is_authority(find_field(fields, "host"))) {
        return Refusal{400, "the Host field is malformed"};
    }
    return {};
}

/// Each way in which two readers could disagree about where the body ends.
std::optional<Refusal> check_length(const Fields& fields, bool is_http_1_0) {
    const std::size_t lengths = count_fields(fields, "content-length");
    if (count_fields(fields, "transfer-encoding") > 0) {
        const bool is_chunked = iequals(find_field(fields, "transfer-encoding"), "chunked");
        if (is_chunked && lengths == 0 && !is_http_1_0) return {};
        return Refusal{400, "Transfer-Encoding must be `chunked` alone, without Content-Length"};
    }
    if (lengths == 0) return {};
    const std::string_view length = find_field(fields, "content-length");
    if (lengths == 1 && std::all_of(length.begin(), length.end(), is_digit)) return {};
    return Refusal{400, "Content-Length must be one plain number"};
}

}  // namespace

std::optional<Refusal> check_framing(std::string_view raw, const Request& head, bool is_http_1_0) {
    const bool is_folded =
        raw.find("\r\n ") != std::string_view::npos || raw.find("\r\n\t") != std::string_view::npos;
    if (is_folded) return Refusal{400, "a header field is folded"};
    if (auto refusal = check_host(head.fields)) return refusal;
    return check_length(head.fields, is_http_1_0);
}

bool split_target(std::string_view target, std::string& path, std::string& query) {
    if (!std::all_of(target.begin(), target.end(), is_target_character)) return false;
    path.clear();
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!iequals(target.substr(0, scheme.size()), scheme)) continue;
        target.remove_prefix(scheme.size());
        const std::size_t end = std::min(target.find_first_of("/?"), target.size());
        if (end == 0 || !is_authority(target.substr(0, end))) return false;
        target.remove_prefix(end);
        if (target.empty() || target.front() == '?') path = "/";
        break;
    }
    if (path.empty() && !target.starts_with('/') && target != "*") return false;
    const std::size_t question = std::min(target.find('?'), target.size());
    path += target.substr(0, question);
    query = target.substr(std::min(question + 1, target.size()));
    return true;
}

}  // namespace webhooks::http
