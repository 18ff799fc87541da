#include "framing_check.hpp"

#include <algorithm>

#include "../ascii.hpp"
#include "../target.hpp"

namespace webhooks::http {
namespace {

std::optional<RequestError> check_host(const Fields& fields) {
    if (count_fields(fields, "host") != 1) {
        return RequestError{400, "there must be exactly one Host field"};
    }
    if (!is_authority(find_field(fields, "host"))) {
        return RequestError{400, "the Host field is malformed"};
    }
    return {};
}

/// Every way in which two parsers could disagree about where the body ends.
std::optional<RequestError> check_length(const Fields& fields, bool is_http_1_0) {
    const std::size_t lengths = count_fields(fields, "content-length");
    if (count_fields(fields, "transfer-encoding") > 0) {
        const bool is_chunked = iequals(find_field(fields, "transfer-encoding"), "chunked");
        if (is_chunked && lengths == 0 && !is_http_1_0) return {};
        return RequestError{400,
                            "Transfer-Encoding must be only `chunked`, without Content-Length"};
    }
    if (lengths == 0) return {};
    const std::string_view length = find_field(fields, "content-length");
    if (lengths == 1 && std::all_of(length.begin(), length.end(), is_digit)) return {};
    return RequestError{400, "Content-Length must be one plain number"};
}

}  // namespace

std::optional<RequestError> check_framing(std::string_view raw, const RequestHead& head,
                                          bool is_http_1_0) {
    const bool is_folded =
        raw.find("\r\n ") != std::string_view::npos || raw.find("\r\n\t") != std::string_view::npos;
    if (is_folded) return RequestError{400, "a header field is folded"};
    if (!split_target(head.target)) return RequestError{400, "the request target is malformed"};
    if (head.target == "*" && head.method != "OPTIONS") {
        return RequestError{400, "the request target `*` is only for OPTIONS"};
    }
    if (auto error = check_host(head.fields)) return error;
    return check_length(head.fields, is_http_1_0);
}

}  // namespace webhooks::http
