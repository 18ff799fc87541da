#include "request_reader.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>
#include <utility>

#include "../ascii.hpp"
#include "framing_check.hpp"

namespace webhooks::http {
namespace beast = boost::beast;

namespace {

/// The shortest end of a chunked body, "0\r\n\r\n": with fewer bytes, Beast 1.81 fails an
/// assertion. At least as many always follow, so that waiting for them delays nothing.
constexpr std::size_t shortest_chunks = 5;

/// The limit of a chunk's line with its extensions: Beast 1.81 would wait for its end without a
/// limit.
constexpr std::size_t max_chunk_line = 300;

RequestError malformed_chunks() {
    return {400, "the chunked body is malformed"};
}

/// The line that a chunk begins with, once all of it is there.
/// @param text from the end of the chunk before.
std::optional<std::string_view> find_chunk_line(std::string_view text) {
    constexpr std::string_view crlf = "\r\n";
    if (text.starts_with(crlf)) text.remove_prefix(crlf.size());
    const std::size_t end = text.find(crlf);
    if (end == std::string_view::npos) return {};
    return text.substr(0, end);
}

/// Beast's parser looks for closing quotes beyond the line, so that what it says of open ones
/// depends on how the bytes come.
bool has_valid_extensions(std::string_view chunk_line) {
    chunk_line.remove_prefix(
        std::min(chunk_line.find_first_not_of("0123456789abcdefABCDEF"), chunk_line.size()));
    beast::http::chunk_extensions parsed;
    beast::error_code error;
    parsed.parse({chunk_line.data(), chunk_line.size()}, error);
    return !error;
}

}  // namespace

RequestReader::Parser::Parser(Request& request) : request_(request) {
    // HeadReader limits the head, begin_body checks the length.
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(boost::none);
}

void RequestReader::Parser::on_request_impl(beast::http::verb, Text method, Text target,
                                            int version, Code&) {
    request_.head.method = std::string(method);
    is_http_1_0_ = version == 10;
    request_.head.target = std::string(target);
}

void RequestReader::Parser::on_field_impl(beast::http::field, Text name, Text value, Code& error) {
    // A trailer: it could have been meant for a proxy in front of the server.
    if (is_header_done()) {
        error = beast::http::error::bad_field;
        return;
    }
    request_.head.fields.push_back({std::string(name), std::string(value)});
}

std::size_t RequestReader::Parser::on_body_impl(Text text, Code&) {
    request_.body.append(text.data(), text.size());
    return text.size();
}

void RequestReader::Parser::on_chunk_header_impl(std::uint64_t size, Text, Code&) {
    is_in_chunk_ = size > 0;
}

std::size_t RequestReader::Parser::on_chunk_body_impl(std::uint64_t rest, Text text, Code& error) {
    is_in_chunk_ = rest > text.size();
    return on_body_impl(text, error);
}

void RequestReader::consume(std::string_view& input) {
    if (state_ == State::head) {
        if (auto error = head_.consume(input)) return reject(std::move(*error));
        if (head_.is_complete()) on_head();
    } else if (state_ == State::body && !input.empty()) {
        wants_continue_ = false;
        if (parser_->chunked()) {
            take_chunks(input);
        } else {
            input.remove_prefix(put(input));
        }
        if (state_ == State::body && parser_->is_done()) state_ = State::complete;
    }
}

void RequestReader::on_head() {
    parser_.emplace(request_);
    put(head_.head());
    if (state_ == State::rejected) return;
    if (!parser_->is_header_done()) return reject({400, "the request is malformed"});
    auto error = check_framing(head_.head(), request_.head, parser_->is_http_1_0());
    if (error) return reject(std::move(*error));
    request_.keep_alive = parser_->keep_alive();
    request_.has_body = !parser_->is_done();
    wants_continue_ = request_.has_body && !parser_->is_http_1_0() &&
                      iequals(find_field(request_.head.fields, "expect"), "100-continue");
    state_ = State::head_complete;
}

void RequestReader::reject_too_large() {
    reject({413,
            "the body is larger than the limit of " + std::to_string(max_body_bytes_) + " bytes"});
}

void RequestReader::begin_body(std::size_t max_bytes) {
    max_body_bytes_ = max_bytes;
    if (!request_.has_body) {
        state_ = State::complete;
        return;
    }
    if (parser_->content_length().value_or(0) > max_bytes) {
        return reject_too_large();
    }
    parser_->body_limit(max_bytes);  // Of all chunks together.
    state_ = State::body;
}

/// The parser needs a whole chunk line, and the bytes that it left before.
void RequestReader::take_chunks(std::string_view& input) {
    chunks_.append(input);
    const std::string_view taken = std::exchange(input, {});
    std::size_t used = 0;
    while (chunks_.size() - used >= shortest_chunks && !parser_->is_done()) {
        const std::string_view unread = std::string_view(chunks_).substr(used);
        if (!parser_->is_in_chunk()) {
            const auto line = find_chunk_line(unread);
            if (!line) break;
            if (!has_valid_extensions(*line)) return reject(malformed_chunks());
        }
        const std::size_t count = put(unread);
        if (state_ == State::rejected) return;
        if (count == 0) break;
        used += count;
    }
    chunks_.erase(0, used);
    if (parser_->is_done()) {
        // The body ended within this input, so what follows it is also part of this input.
        input = taken.substr(taken.size() - chunks_.size());
        chunks_.clear();
    } else if (chunks_.size() > max_chunk_line) {
        reject(malformed_chunks());
    }
}

std::size_t RequestReader::put(std::string_view text) {
    beast::error_code error;
    const std::size_t count = parser_->put(boost::asio::buffer(text), error);
    if (error == beast::http::error::body_limit) {
        reject_too_large();
    } else if (error && error != beast::http::error::need_more) {
        reject({400, "the request is malformed: " + error.message()});
    }
    return count;
}

bool RequestReader::take_wants_continue() noexcept {
    return std::exchange(wants_continue_, false);
}

Request RequestReader::take() {
    Request request = std::exchange(request_, {});
    state_ = State::head;
    head_.clear();
    parser_.reset();
    wants_continue_ = false;
    return request;
}

void RequestReader::reject(RequestError error) {
    error_ = std::move(error);
    state_ = State::rejected;
}

}  // namespace webhooks::http
