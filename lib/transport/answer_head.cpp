#include <algorithm>
#include <array>
#include <base/ascii.hpp>
#include <transport/answer_head.hpp>
#include <transport/text.hpp>

namespace webhooks::transport {
namespace {

constexpr std::string_view first_bytes = "HTTP/1.";
/// `AttemptDetails::response_headers`.
constexpr std::array<std::string_view, 9> kept_names = {
    "content-type", "content-length", "date",  "server", "retry-after", "location",
    "via",          "x-request-id",   "cf-ray"};
constexpr std::size_t max_kept_bytes = 1024;

/// Also detects that the peer speaks another protocol before it has finished a line.
bool may_be_http(std::string_view head) {
    return head.substr(0, first_bytes.size()) == first_bytes.substr(0, head.size());
}

void append_to_list(std::string& list, std::string_view value) {
    list.append(list.empty() ? "" : ", ").append(value);
}

bool is_regular_name(std::string_view name) {
    return !name.empty() && std::ranges::none_of(name, [](char c) {
        return ascii::is_blank(c) || !ascii::is_printable(c);
    });
}

bool is_regular_text(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return ascii::is_printable(c) || c == '\t' || static_cast<unsigned char>(c) >= 0x80;
    });
}

}  // namespace

AnswerHead::State AnswerHead::read(std::string_view bytes) {
    if (!may_be_http(bytes)) fail("malformed response: not HTTP/1");
    while (error_.empty()) {
        const std::size_t end = bytes.find('\n', searched_);
        searched_ = end == bytes.npos ? bytes.size() : end + 1;
        if (searched_ > max_bytes_) {
            fail("response headers exceed " + std::to_string(max_bytes_ / 1024) + " KiB");
            break;
        }
        if (end == bytes.npos) return State::needs_more;
        std::string_view line = bytes.substr(line_begin_, end - line_begin_);
        line_begin_ = end + 1;
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        } else {
            is_regular_ = false;
        }
        if (status_ == 0) {
            take_status_line(line);
        } else if (line.empty()) {
            finish_field();
            return State::complete;
        } else {
            take_field_line(line);
        }
    }
    return State::failed;
}

/// The reason phrase may be missing, and the space before it.
void AnswerHead::take_status_line(std::string_view line) {
    is_regular_ = is_regular_ && is_regular_text(line);
    line.remove_prefix(std::min(line.size(), first_bytes.size()));
    if (!line.starts_with('0') && !line.starts_with('1')) {
        return fail("malformed response: bad version");
    }
    is_http_1_1_ = line.starts_with('1');
    const std::string_view rest = ascii::trimmed(line.substr(1));
    const std::string_view digits = rest.substr(0, 3);
    const bool has_blank = line.size() > 1 && ascii::is_blank(line[1]);
    const bool has_end = rest.size() == 3 || (rest.size() > 3 && ascii::is_blank(rest[3]));
    if (!has_blank || !has_end || !std::ranges::all_of(digits, ascii::is_digit)) {
        return fail("malformed response: bad status");
    }
    is_regular_ = is_regular_ && line.size() > 5 && line[5] == ' ';
    status_ = std::stoi(std::string(digits));
    if (status_ < 100 || status_ > 599) return fail("malformed response: status out of range");
    if (status_ == 101) return fail("malformed response: unexpected protocol switch");
}

/// A line that begins with a space continues the previous one (RFC 9112, section 5.2).
void AnswerHead::take_field_line(std::string_view line) {
    const bool continues = ascii::is_blank(line[0]);
    const std::size_t colon = line.find(':');
    if (continues ? name_.empty() : colon == line.npos) {
        return fail("malformed response: bad field");
    }
    is_regular_ = is_regular_ && is_regular_text(line);
    if (continues) {
        value_.append(value_.empty() ? "" : " ").append(ascii::trimmed(line));
        return;
    }
    finish_field();
    const std::string_view name = line.substr(0, colon);
    is_regular_ = is_regular_ && is_regular_name(name);
    name_ = ascii::lower(ascii::trimmed(name));
    value_ = ascii::trimmed(line.substr(colon + 1));
}

void AnswerHead::finish_field() {
    if (name_ == "content-length") content_lengths_ += "content-length: " + value_ + "\r\n";
    if (name_ == "transfer-encoding") append_to_list(codings_, ascii::lower(value_));
    if (name_ == "connection" || name_ == "proxy-connection") take_connection(value_);
    if (name_ == "retry-after") append_to_list(retry_after_, value_);
    if (status_ >= 300) keep_field();
}

/// A name that repeats has its values as one list.
void AnswerHead::keep_field() {
    if (std::ranges::find(kept_names, name_) == kept_names.end()) return;
    const std::size_t size = name_.size() + value_.size();
    if (size > max_kept_bytes - kept_bytes_) return;
    kept_bytes_ += size;
    std::string value = storable_text(value_, max_kept_bytes, false);
    const auto known = std::ranges::find(kept_, name_, &Header::name);
    if (known != kept_.end()) return append_to_list(known->value, value);
    kept_.push_back({.name = name_, .value = std::move(value)});
}

void AnswerHead::take_connection(std::string_view value) {
    while (!value.empty()) {
        const std::size_t comma = std::min(value.find(','), value.size());
        const std::string option = ascii::lower(ascii::trimmed(value.substr(0, comma)));
        is_close_ = is_close_ || option == "close";
        is_keep_alive_ = is_keep_alive_ || option == "keep-alive";
        value.remove_prefix(std::min(comma + 1, value.size()));
    }
}

bool AnswerHead::is_chunked() const {
    const std::size_t comma = codings_.rfind(',');
    const std::size_t begin = comma == codings_.npos ? 0 : comma + 1;
    return ascii::trimmed(std::string_view(codings_).substr(begin)) == "chunked";
}

bool AnswerHead::may_reuse_connection() const noexcept {
    const bool is_framing_clear =
        codings_.empty() || (codings_ == "chunked" && content_lengths_.empty());
    return is_regular_ && is_framing_clear && !is_close_ && (is_http_1_1_ || is_keep_alive_);
}

/// A transfer coding overrides a length (RFC 9112, section 6.3).
std::string AnswerHead::canonical() const {
    std::string head = "HTTP/1.1 " + std::to_string(status_) + " \r\n";
    if (codings_.empty()) {
        head += content_lengths_;
    } else if (is_chunked()) {
        head += "transfer-encoding: chunked\r\n";
    }
    return head + "\r\n";
}

}  // namespace webhooks::transport
