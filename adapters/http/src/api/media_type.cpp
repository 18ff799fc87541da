#include "media_type.hpp"

#include "../ascii.hpp"

namespace webhooks::http {
namespace {

bool is_json_essence(std::string_view type) {
    if (iequals(type, "application/json") || iequals(type, "text/json")) return true;
    constexpr std::string_view prefix = "application/", suffix = "+json";
    if (type.size() <= prefix.size() + suffix.size()) return false;
    return iequals(type.substr(0, prefix.size()), prefix) &&
           iequals(type.substr(type.size() - suffix.size()), suffix);
}

bool is_utf8_name(std::string_view charset) {
    if (charset.size() >= 2 && charset.front() == '"' && charset.back() == '"') {
        charset = charset.substr(1, charset.size() - 2);
    }
    return iequals(charset, "utf-8") || iequals(charset, "utf8");
}

}  // namespace

bool is_json_type(std::string_view content_type) {
    bool is_essence = true;
    bool is_valid = true;
    for_each_part(content_type, ';', [&](std::string_view part) {
        if (is_essence) {
            is_valid = is_json_essence(part);
            is_essence = false;
            return;
        }
        const std::size_t equals = part.find('=');
        if (equals == std::string_view::npos) return;
        const bool is_charset = iequals(trim(part.substr(0, equals)), "charset");
        if (is_charset && !is_utf8_name(trim(part.substr(equals + 1)))) is_valid = false;
    });
    return is_valid;
}

bool has_content_encoding(const Fields& fields) {
    const std::string_view coding = find_field(fields, "content-encoding");
    return !coding.empty() && !iequals(coding, "identity");
}

}  // namespace webhooks::http
