#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "head_reader.hpp"
#include "request.hpp"
#include "request_error.hpp"

namespace webhooks::http {

/// Reads requests one after another from a byte stream (RFC 9112) with Beast's parser, without any
/// I/O. framing_check.hpp rejects what that parser wrongly accepts; nothing is read after a
/// rejection.
class RequestReader {
public:
    enum class State { head, head_complete, body, complete, rejected };

    /// Removes bytes from the front of `input`, up to the end of the head and, after `begin_body`,
    /// up to the end of the request.
    void consume(std::string_view& input);

    /// Continues after the head: to `body`, `complete`, or `rejected` for a body that is too large.
    /// @pre state() is head_complete.
    void begin_body(std::size_t max_bytes);

    State state() const noexcept { return state_; }
    /// No part of a request has arrived yet.
    bool is_idle() const noexcept { return state_ == State::head && head_.is_empty(); }
    /// The client waits for "100 Continue" before it sends the body. Returned true only once.
    bool take_wants_continue() noexcept;
    /// @pre state() is rejected.
    const RequestError& error() const noexcept { return error_; }
    /// The request as far as it has arrived; `head` may be moved from. @pre state() is neither head
    /// nor rejected.
    Request& request() noexcept { return request_; }
    /// The request; the reader is then ready for the next one. @pre state() is complete, or
    /// head_complete without a body.
    Request take();

private:
    /// Stores what Beast's parser finds in a request.
    class Parser final : public boost::beast::http::basic_parser<true> {
    public:
        explicit Parser(Request& request);
        bool is_http_1_0() const noexcept { return is_http_1_0_; }
        /// What comes next is data of a chunk, not its line.
        bool is_in_chunk() const noexcept { return is_in_chunk_; }

    private:
        using Code = boost::beast::error_code;
        using Text = boost::beast::string_view;

        void on_request_impl(boost::beast::http::verb, Text method, Text target, int version,
                             Code& error) override;
        void on_response_impl(int, Text, int, Code&) override {}
        void on_field_impl(boost::beast::http::field, Text name, Text value, Code& error) override;
        void on_header_impl(Code&) override {}
        void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
        std::size_t on_body_impl(Text text, Code&) override;
        void on_chunk_header_impl(std::uint64_t size, Text extensions, Code&) override;
        std::size_t on_chunk_body_impl(std::uint64_t rest, Text text, Code&) override;
        void on_finish_impl(Code&) override {}

        Request& request_;
        bool is_http_1_0_ = false;
        bool is_in_chunk_ = false;
    };

    void on_head();
    void take_chunks(std::string_view& input);
    /// @return the number of bytes that the parser consumed.
    std::size_t put(std::string_view text);
    void reject(RequestError error);
    void reject_too_large();

    State state_ = State::head;
    HeadReader head_;
    Request request_;
    std::optional<Parser> parser_;
    std::string chunks_;  ///< What the parser has not consumed of a chunked body yet.
    bool wants_continue_ = false;
    RequestError error_;
    std::size_t max_body_bytes_ = 0;
};

}  // namespace webhooks::http
