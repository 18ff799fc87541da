#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <transport/answer_reader.hpp>
#include <transport/plain_answer.hpp>
#include <transport/text.hpp>

namespace webhooks::transport {
namespace {

using boost::beast::error_code;
namespace http = boost::beast::http;

constexpr std::string_view first_bytes = "HTTP/1.";

/// Tells at once that the peer speaks something else, instead of waiting for an end of headers.
bool may_be_http(std::string_view head) {
    return head.substr(0, first_bytes.size()) == first_bytes.substr(0, head.size());
}

}  // namespace

AnswerReader::Parser::Parser() {
    eager(true);
    body_limit(boost::none);
    header_limit(max_header_bytes + 1);
}

void AnswerReader::Parser::on_field_impl(Field name, Text, Text value, Code&) {
    // Trailers come here too, and say nothing about when to come back.
    if (name == Field::retry_after && !is_header_done() && retry_after.empty()) {
        retry_after.assign(value.data(), value.size());
    }
}

std::size_t AnswerReader::Parser::on_body_impl(Text bytes, Code&) {
    const std::size_t kept = std::min(bytes.size(), max_kept_bytes - body.size());
    body.append(bytes.data(), kept);
    is_body_cut = is_body_cut || kept < bytes.size();
    return bytes.size();
}

std::size_t AnswerReader::Parser::on_chunk_body_impl(std::uint64_t, Text bytes, Code& code) {
    return on_body_impl(bytes, code);
}

bool AnswerReader::feed(std::string_view bytes) {
    if (!was_fed_ && take_plain(bytes)) return false;
    was_fed_ = was_fed_ || !bytes.empty();
    if (!parser_) parser_.emplace();
    unread_.append(bytes);
    while (!is_done_ && !unread_.empty() && (has_answer_ ? read_body() : read_head())) {
    }
    return !is_done_;
}

bool AnswerReader::take_plain(std::string_view bytes) {
    const auto plain = read_plain_answer(bytes, max_header_bytes, max_kept_bytes);
    if (!plain) return false;
    plain_ = {.kind = TransportAnswer::Kind::answered,
              .status_code = plain->status,
              .body = storable_text(plain->body, max_kept_bytes, false)};
    was_fed_ = was_plain_ = has_answer_ = is_done_ = may_reuse_ = true;
    return true;
}

/// The parser is given all of a header block at once, so that the limit is on the whole of it.
bool AnswerReader::read_head() {
    if (!may_be_http(unread_)) {
        fail("malformed answer: not HTTP/1");
        return false;
    }
    const std::size_t end = unread_.find("\r\n\r\n");
    const std::size_t size = end == std::string::npos ? unread_.size() : end + 4;
    if (size > max_header_bytes) {
        fail("answer headers exceed 8 KiB");
        return false;
    }
    if (end == std::string::npos) return false;

    error_code code;
    const std::size_t used = parser_->put({unread_.data(), size}, code);
    if (code || used != size || !parser_->is_header_done()) {
        fail("malformed answer: " + (code ? code.message() : "bad header block"));
        return false;
    }
    unread_.erase(0, used);
    judge_status();
    return !is_done_;
}

void AnswerReader::judge_status() {
    const int status = parser_->status;
    if (status == 101) return fail("malformed answer: unexpected switch of protocols");
    if (status < 100 || status > 599) return fail("malformed answer: status out of range");
    if (status >= 200) {
        has_answer_ = true;
        if (parser_->is_done()) finish_body(true);
        return;
    }
    if (++interim_answers_ > max_interim_answers) return fail("more than 5 interim answers");
    parser_.emplace();
}

bool AnswerReader::read_body() {
    error_code code;
    const std::size_t used = parser_->put({unread_.data(), unread_.size()}, code);
    unread_.erase(0, used);
    body_bytes_ += used;
    if (parser_->is_done()) {
        finish_body(true);
        return false;
    }
    const bool is_broken = code && code != http::error::need_more;
    const bool is_too_long = body_bytes_ + unread_.size() > max_body_bytes;
    if (is_broken || is_too_long) {
        parser_->is_body_cut = parser_->is_body_cut || is_too_long;
        finish_body(false);
    }
    return false;
}

void AnswerReader::finish_body(bool is_complete) {
    is_done_ = true;
    may_reuse_ = is_complete && parser_->keep_alive() && unread_.empty();
}

void AnswerReader::end() {
    if (is_done_) return;
    if (has_answer_) return finish_body(false);
    fail(is_untouched() ? "connection closed before an answer"
                        : "connection closed within the headers of an answer");
}

void AnswerReader::fail(std::string error) {
    is_done_ = true;
    error_ = std::move(error);
}

TransportAnswer AnswerReader::take() {
    if (was_plain_) return std::move(plain_);
    if (!has_answer_) {
        return {.kind = TransportAnswer::Kind::failed, .error = std::move(error_)};
    }
    return {.kind = TransportAnswer::Kind::answered,
            .status_code = parser_->status,
            .body = storable_text(parser_->body, max_kept_bytes, parser_->is_body_cut),
            .retry_after = std::move(parser_->retry_after)};
}

}  // namespace webhooks::transport
