#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <limits>
#include <transport/answer_reader.hpp>
#include <transport/simple_response.hpp>
#include <transport/text.hpp>

namespace webhooks::transport {
namespace {

using boost::beast::error_code;
namespace http = boost::beast::http;

/// Between two chunks a body has at least this many bytes left. The parser of Boost 1.81 asserts
/// that it gets this many of the last chunk at once; a peer may send fewer.
constexpr std::size_t min_chunked_bytes = 5;

}  // namespace

AnswerReader::Parser::Parser(std::size_t limit) : kept_bytes(limit) {
    eager(true);
    body_limit(boost::none);
    header_limit(std::numeric_limits<std::uint32_t>::max());  // AnswerHead has its own.
}

std::size_t AnswerReader::Parser::on_body_impl(Text bytes, Code&) {
    const std::size_t kept = std::min(bytes.size(), kept_bytes - body.size());
    body.append(bytes.data(), kept);
    is_body_cut = is_body_cut || kept < bytes.size();
    return bytes.size();
}

std::size_t AnswerReader::Parser::on_chunk_body_impl(std::uint64_t left, Text bytes, Code& code) {
    chunk_left = left - bytes.size();
    return on_body_impl(bytes, code);
}

bool AnswerReader::feed(std::string_view bytes) {
    if (!was_fed_ && take_plain(bytes)) return false;
    was_fed_ = was_fed_ || !bytes.empty();
    if (!parsing_) parsing_ = std::make_unique<Parsing>(max_header_bytes_, kept_bytes_);
    parsing_->unread.append(bytes);
    while (!is_done_ && !parsing_->unread.empty() && (has_answer_ ? read_body() : read_head())) {
    }
    return !is_done_;
}

bool AnswerReader::take_plain(std::string_view bytes) {
    const auto plain = read_simple_response(bytes, max_header_bytes_, kept_bytes_);
    if (!plain) return false;
    answer_ = {.kind = TransportAnswer::Kind::answered,
               .status_code = plain->status,
               .body = storable_text(plain->body, kept_bytes_, false)};
    was_fed_ = has_answer_ = is_done_ = may_reuse_ = true;
    return true;
}

bool AnswerReader::read_head() {
    auto& [head, parser, unread, body_bytes, interim_answers] = *parsing_;
    switch (head.read(unread)) {
        case AnswerHead::State::needs_more:
            return false;
        case AnswerHead::State::failed:
            fail(FailureReason::malformed, head.error());
            return false;
        case AnswerHead::State::complete:
            break;
    }
    unread.erase(0, head.size());
    if (head.status() >= 200) {
        begin_body();
    } else if (++interim_answers > max_interim_answers) {
        fail(FailureReason::malformed, "more than 5 interim responses");
    } else {
        head = AnswerHead(max_header_bytes_);
    }
    return !is_done_;
}

void AnswerReader::begin_body() {
    const std::string head = parsing_->head.canonical();
    error_code code;
    parsing_->parser.put({head.data(), head.size()}, code);
    if (code) return fail(FailureReason::malformed, "malformed response: " + code.message());
    has_answer_ = true;
    if (parsing_->parser.is_done()) finish_body(true);
}

bool AnswerReader::read_body() {
    auto& [head, parser, unread, body_bytes, interim_answers] = *parsing_;
    const bool is_between_chunks = parser.chunked() && parser.chunk_left == 0;
    if (is_between_chunks && unread.size() < min_chunked_bytes) return false;
    error_code code;
    const std::size_t used = parser.put({unread.data(), unread.size()}, code);
    unread.erase(0, used);
    body_bytes += used;
    if (parser.is_done()) {
        finish_body(true);
        return false;
    }
    const bool is_broken = code && code != http::error::need_more;
    const bool is_too_long = body_bytes + unread.size() > max_body_bytes;
    if (is_broken || is_too_long) {
        parser.is_body_cut = parser.is_body_cut || is_too_long;
        finish_body(false);
    }
    return false;
}

void AnswerReader::finish_body(bool is_complete) {
    const auto& [head, parser, unread, body_bytes, interim_answers] = *parsing_;
    is_done_ = true;
    may_reuse_ = is_complete && head.may_reuse_connection() && unread.empty();
    answer_ = {.kind = TransportAnswer::Kind::answered,
               .status_code = head.status(),
               .body = storable_text(parser.body, kept_bytes_, parser.is_body_cut),
               .retry_after = head.retry_after()};
}

void AnswerReader::end() {
    if (is_done_) return;
    if (has_answer_) return finish_body(false);
    fail(FailureReason::reset, is_untouched() ? "connection closed before a response"
                                              : "connection closed within the response headers");
}

void AnswerReader::fail(FailureReason reason, std::string error) {
    is_done_ = true;
    answer_ = {.kind = TransportAnswer::Kind::failed, .error = std::move(error), .reason = reason};
}

}  // namespace webhooks::transport
