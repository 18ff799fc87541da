#include "head_reader.hpp"

#include <algorithm>
#include <utility>

namespace webhooks::http {
namespace {

constexpr std::string_view line_end = "\r\n";

}  // namespace

std::optional<RequestError> HeadReader::consume(std::string_view& input) {
    while (!input.empty() && !is_complete_) {
        const std::size_t end = input.find('\n');
        const bool is_whole = end != std::string_view::npos;
        const std::size_t count = is_whole ? end + 1 : input.size();
        if (head_.size() - line_begin_ + count > line_limit()) {
            if (fields_begin_ == 0)
                return RequestError{414, "the request line is longer than 8 KiB"};
            return RequestError{431, "the header fields are larger than 32 KiB"};
        }
        head_.append(input.substr(0, count));
        input.remove_prefix(count);
        if (!is_whole) return {};
        if (auto error = on_line()) return error;
    }
    return {};
}

std::size_t HeadReader::line_limit() const noexcept {
    if (fields_begin_ == 0) return max_request_line + line_end.size();
    return std::max(max_field_bytes - (line_begin_ - fields_begin_), line_end.size());
}

std::optional<RequestError> HeadReader::on_line() {
    const std::string_view line = std::string_view(head_).substr(line_begin_);
    if (!line.ends_with(line_end)) return RequestError{400, "a line does not end with CR LF"};
    const bool is_blank = line == line_end;
    if (fields_begin_ == 0) {
        // RFC 9112, section 2.2: some old clients send one empty line before a request.
        if (is_blank && !std::exchange(skipped_blank_line_, true))
            return head_.clear(), std::nullopt;
        if (is_blank) return RequestError{400, "the request line is missing"};
        fields_begin_ = head_.size();
    } else if (is_blank) {
        is_complete_ = true;
    } else if (++field_count_ > max_field_count) {
        return RequestError{431, "there are more than 100 header fields"};
    }
    line_begin_ = head_.size();
    return {};
}

void HeadReader::clear() {
    head_.clear();
    line_begin_ = fields_begin_ = field_count_ = 0;
    skipped_blank_line_ = is_complete_ = false;
}

}  // namespace webhooks::http
