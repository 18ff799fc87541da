#include "request_parser.hpp"

#include <algorithm>
#include <utility>

namespace webhooks::http {
namespace {

constexpr std::string_view token_marks = "!#$%&'*+-.^_`|~";

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || is_alpha(c) || token_marks.find(c) != std::string_view::npos;
    });
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_field_value(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return is_control(c) && c != '\t'; });
}

bool is_target(std::string_view text) {
    return !text.empty() &&
           std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) || c == ' '; });
}

/// Host and port as RFC 3986 spells them, or nothing; whether they are ours is not our matter.
bool is_authority(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || is_alpha(c) ||
               std::string_view("-._~%!$&'()*+,;=:[]").find(c) != std::string_view::npos;
    });
}

/// @return nothing for what is not a plain number; more than 18 digits are as good as infinite.
std::optional<std::uint64_t> parse_length(std::string_view text) {
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return {};
    std::uint64_t value = 0;
    for (const char c : text) {
        if (value > 100'000'000'000'000'000) return UINT64_MAX;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

}  // namespace

void RequestParser::consume(std::string_view& input) {
    while (!input.empty() && state_ == State::head)
        take_line(input);
    if (!input.empty() && state_ == State::body) take_body(input);
}

bool RequestParser::is_idle() const noexcept {
    return state_ == State::head && !has_request_line_ && line_.empty();
}

bool RequestParser::take_wants_continue() noexcept {
    return std::exchange(wants_continue_, false);
}

Request RequestParser::take() {
    Request request = std::move(request_);
    *this = RequestParser(*limits_);
    return request;
}

void RequestParser::take_line(std::string_view& input) {
    switch (line_.read(input, line_limit())) {
        case LineReader::Found::part:
            return;
        case LineReader::Found::line:
            break;
        case LineReader::Found::bare_line_feed:
            return refuse({400, "a line does not end with CR LF"});
        case LineReader::Found::too_long:
            if (!has_request_line_) return refuse({414, "the request line is longer than 8 KiB"});
            return refuse({431, "the header fields are larger than 32 KiB"});
    }
    on_line(line_.line());
    line_.next();
}

std::size_t RequestParser::line_limit() const noexcept {
    constexpr std::size_t line_end = 2;
    if (!has_request_line_) return max_request_line + line_end;
    return std::max(max_field_bytes - field_bytes_, line_end);
}

void RequestParser::on_line(std::string_view line) {
    if (has_request_line_) return line.empty() ? on_end_of_head() : on_field(line);
    // RFC 9112, section 2.2: one empty line before a request is old clients' habit.
    if (line.empty() && !std::exchange(skipped_blank_line_, true)) return;
    on_request_line(line);
}

void RequestParser::on_request_line(std::string_view line) {
    has_request_line_ = true;
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    const Refusal malformed{400, "the request line is malformed"};
    if (first == std::string_view::npos || last == first) return refuse(malformed);
    const std::string_view version = line.substr(last + 1);
    is_http_1_0_ = version == "HTTP/1.0";
    if (!is_http_1_0_ && version != "HTTP/1.1") {
        return refuse({400, "the protocol must be HTTP/1.1 or HTTP/1.0"});
    }
    request_.method = line.substr(0, first);
    if (!is_token(request_.method)) return refuse(malformed);
    if (!set_target(line.substr(first + 1, last - first - 1))) return refuse(malformed);
}

bool RequestParser::set_target(std::string_view target) {
    if (!is_target(target)) return false;
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!iequals(target.substr(0, scheme.size()), scheme)) continue;
        target.remove_prefix(scheme.size());
        const std::size_t end = std::min(target.find_first_of("/?"), target.size());
        if (end == 0 || !is_authority(target.substr(0, end))) return false;
        target.remove_prefix(end);
        if (target.empty() || target.front() == '?') request_.path = "/";
        break;
    }
    if (request_.path.empty() && !target.starts_with('/') && target != "*") return false;
    const std::size_t question = target.find('?');
    request_.path += target.substr(0, question);
    if (question != std::string_view::npos) request_.query = target.substr(question + 1);
    return true;
}

void RequestParser::on_field(std::string_view line) {
    field_bytes_ += line.size() + 2;
    if (request_.fields.size() == max_field_count) {
        return refuse({431, "there are more than 100 header fields"});
    }
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    // A folded line begins with a blank, and so has no token before its colon.
    if (colon == line.size() || !is_token(name)) {
        return refuse({400, "a header field is malformed"});
    }
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_field_value(value)) return refuse({400, "a header field has a control character"});
    request_.fields.push_back({std::string(name), std::string(value)});
}

void RequestParser::on_end_of_head() {
    if (auto refusal = check_host()) return refuse(std::move(*refusal));
    if (auto refusal = check_framing()) return refuse(std::move(*refusal));
    read_connection();
    const bool has_body = is_chunked_ || length_ > 0;
    state_ = has_body ? State::body : State::complete;
    wants_continue_ =
        has_body && !is_http_1_0_ && iequals(find_field(request_.fields, "expect"), "100-continue");
}

std::optional<Refusal> RequestParser::check_host() const {
    if (count_fields(request_.fields, "host") != 1) {
        return Refusal{400, "there must be exactly one Host field"};
    }
    if (!is_authority(find_field(request_.fields, "host"))) {
        return Refusal{400, "the Host field is malformed"};
    }
    return {};
}

std::optional<Refusal> RequestParser::check_framing() {
    const Fields& fields = request_.fields;
    const std::size_t lengths = count_fields(fields, "content-length");
    const std::size_t encodings = count_fields(fields, "transfer-encoding");
    if (encodings > 0) {
        const bool is_sound = encodings == 1 && lengths == 0 && !is_http_1_0_;
        if (!is_sound || !iequals(find_field(fields, "transfer-encoding"), "chunked")) {
            return Refusal{400,
                           "Transfer-Encoding must be `chunked` alone, without Content-Length"};
        }
        is_chunked_ = true;
        max_body_bytes_ = choose_limit();
        return {};
    }
    if (lengths == 0) return {};
    const auto length = parse_length(find_field(fields, "content-length"));
    if (lengths > 1 || !length) return Refusal{400, "Content-Length must be one plain number"};
    if (*length > limits_->ordinary && *length > choose_limit()) {
        return Refusal{413, "the body is too large"};
    }
    length_ = *length;
    return {};
}

std::size_t RequestParser::choose_limit() const {
    const bool may_be_large = limits_->may_be_large && limits_->may_be_large(request_);
    return may_be_large ? limits_->large : limits_->ordinary;
}

void RequestParser::read_connection() {
    request_.keep_alive = !is_http_1_0_;
    bool wants_close = false;
    for (const Field& field : request_.fields) {
        if (!iequals(field.name, "connection")) continue;
        for_each_part(field.value, ',', [&](std::string_view option) {
            if (iequals(option, "close")) wants_close = true;
            if (iequals(option, "keep-alive")) request_.keep_alive = true;
        });
    }
    if (wants_close) request_.keep_alive = false;
}

void RequestParser::take_body(std::string_view& input) {
    wants_continue_ = false;
    if (is_chunked_) {
        auto refusal = chunks_.consume(input, request_.body, max_body_bytes_);
        if (refusal) return refuse(std::move(*refusal));
        if (chunks_.is_done()) state_ = State::complete;
        return;
    }
    const std::size_t count = std::min<std::uint64_t>(length_, input.size());
    request_.body.append(input.substr(0, count));
    input.remove_prefix(count);
    length_ -= count;
    if (length_ == 0) state_ = State::complete;
}

void RequestParser::refuse(Refusal refusal) {
    refusal_ = std::move(refusal);
    state_ = State::refused;
}

}  // namespace webhooks::http
