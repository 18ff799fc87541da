#include <algorithm>
#include <base/ascii.hpp>
#include <endpoint/rejected_headers.hpp>
#include <webhooks/endpoint.hpp>

namespace webhooks {
namespace {

constexpr std::size_t max_headers = 32;
constexpr std::size_t max_total_bytes = 16 * 1024;
constexpr std::size_t max_name_bytes = 128;
constexpr std::size_t max_value_bytes = 4096;

/// RFC 9110, section 5.6.2.
bool is_token(std::string_view name) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::ranges::all_of(name, [&](char c) {
        return ascii::is_alphanumeric(c) || marks.find(c) != marks.npos;
    });
}

bool is_rejected(std::string_view name) {
    std::string folded = ascii::lower(name);
    std::ranges::replace(folded, '_', '-');
    return std::ranges::find(endpoint::rejected_header_names, folded) !=
               std::end(endpoint::rejected_header_names) ||
           std::ranges::any_of(endpoint::rejected_header_prefixes,
                               [&](auto prefix) { return folded.starts_with(prefix); });
}

bool is_value(std::string_view value) {
    if (value.empty()) return true;
    return !ascii::is_blank(value.front()) && !ascii::is_blank(value.back()) &&
           std::ranges::all_of(value, [](char c) { return ascii::is_printable(c) || c == '\t'; });
}

/// "headers.NAME", safe to display whatever the name is.
std::string field_of(const Header& header) {
    if (header.name.empty()) return "headers";
    std::string name = header.name.substr(0, max_name_bytes);
    std::ranges::replace_if(
        name, [](char c) { return !ascii::is_printable(c); }, '?');
    return "headers." + name;
}

bool is_same_name(const Header& a, const Header& b) {
    return ascii::lower(a.name) == ascii::lower(b.name);
}

void judge_header(const Header& header, std::vector<FieldError>& errors) {
    const auto error = [&](const char* message) { errors.push_back({field_of(header), message}); };
    if (header.name.size() > max_name_bytes || !is_token(header.name)) {
        error("must have a name of 1 to 128 letters, digits and !#$%&'*+-.^_`|~");
    } else if (is_rejected(header.name)) {
        error("is reserved and cannot be set by a subscription");
    }
    if (header.value.size() > max_value_bytes) error("must be at most 4096 bytes long");
    if (!is_value(header.value)) error("must be printable ASCII without surrounding spaces");
}

void judge_set(const Headers& headers, std::vector<FieldError>& errors) {
    std::size_t bytes = 0;
    for (const Header& header : headers) {
        bytes += header.name.size() + header.value.size();
    }
    if (headers.size() > max_headers) errors.push_back({"headers", "must be at most 32"});
    if (bytes > max_total_bytes) {
        errors.push_back({"headers", "must be at most 16384 bytes in total, names and values"});
    }
}

}  // namespace

Result<> check_headers(const Headers& headers) {
    std::vector<FieldError> errors;
    judge_set(headers, errors);
    // The rest of an overlong set is not checked: this bounds the response, and the work for it.
    const auto end = headers.begin() + std::min(headers.size(), max_headers);
    for (auto header = headers.begin(); header != end; ++header) {
        judge_header(*header, errors);
        const auto is_same = [&](const Header& other) { return is_same_name(other, *header); };
        if (std::any_of(headers.begin(), header, is_same)) {
            errors.push_back(
                {field_of(*header), "must occur only once (names are case-insensitive)"});
        }
    }
    if (errors.empty()) return {};
    return Error(std::move(errors));
}

}  // namespace webhooks
