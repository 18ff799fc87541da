#include <storage/sql/header_text.hpp>

namespace webhooks::storage {
namespace {

constexpr std::string_view separator = ": ";

}  // namespace

std::string write_headers(const Headers& headers) {
    std::string text;
    for (const Header& header : headers) {
        text.append(header.name).append(separator).append(header.value).append("\n");
    }
    return text;
}

Headers read_headers(std::string_view text, bool are_encrypted) {
    Headers headers;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        const std::size_t middle = line.find(separator);
        if (middle != std::string_view::npos) {
            headers.push_back({std::string(line.substr(0, middle)),
                               std::string(line.substr(middle + separator.size()))});
        } else if (are_encrypted) {
            headers.push_back({{}, std::string(line)});
        }
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return headers;
}

}  // namespace webhooks::storage
