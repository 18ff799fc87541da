#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <transport/answer_head.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::transport {

/// Reads one response from the bytes of a connection, without any I/O. It determines the response
/// and whether the connection can be reused; the limits are those of docs/delivery.md. An ordinary
/// response that arrives in one piece is read without a parser; the result is the same, as verified
/// by tests/fuzz.
class AnswerReader {
public:
    static constexpr std::size_t max_body_bytes = 64 * 1024;  ///< As sent, including chunk headers.
    static constexpr std::size_t max_kept_bytes = 4 * 1024;
    static constexpr int max_interim_answers = 5;

    /// @param max_header_bytes as in HttpTransportOptions
    /// @param kept_bytes how much of the body the result has
    explicit AnswerReader(std::size_t max_header_bytes = std::size_t{64} * 1024,
                          std::size_t kept_bytes = max_kept_bytes)
        : max_header_bytes_(max_header_bytes), kept_bytes_(kept_bytes) {}

    /// Consumes bytes that arrived. @return false if nothing more is to be read.
    bool feed(std::string_view bytes);
    /// The connection ended, in any way; or the time is up (once headers are complete).
    void end();

    /// No byte has arrived yet.
    bool is_untouched() const noexcept { return !was_fed_; }
    bool is_done() const noexcept { return is_done_; }
    /// A final status with complete headers has arrived: the attempt can no longer fail.
    bool has_answer() const noexcept { return has_answer_; }
    /// The response was complete, nothing followed it, and both sides want to keep the connection.
    bool may_reuse_connection() const noexcept { return may_reuse_; }

    /// The headers of a response without success that are kept for the log.
    Headers take_headers() { return parsing_ ? parsing_->head.take_kept() : Headers(); }
    /// The result. @pre is_done()
    TransportAnswer take() { return std::move(answer_); }

private:
    /// Beast's parser of bodies, storing only what the result needs.
    class Parser final : public boost::beast::http::basic_parser<false> {
    public:
        explicit Parser(std::size_t limit);

        const std::size_t kept_bytes;
        std::string body;  ///< The first bytes of it.
        bool is_body_cut = false;
        std::uint64_t chunk_left = 0;  ///< Remaining bytes of the current chunk.

    private:
        using Code = boost::beast::error_code;
        using Text = boost::beast::string_view;
        using Verb = boost::beast::http::verb;
        using Field = boost::beast::http::field;

        void on_request_impl(Verb, Text, Text, int, Code&) override {}
        void on_response_impl(int, Text, int, Code&) override {}
        void on_field_impl(Field, Text, Text, Code&) override {}
        void on_header_impl(Code&) override {}
        void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
        std::size_t on_body_impl(Text, Code&) override;
        void on_chunk_header_impl(std::uint64_t size, Text, Code&) override { chunk_left = size; }
        std::size_t on_chunk_body_impl(std::uint64_t, Text, Code&) override;
        void on_finish_impl(Code&) override {}
    };

    /// The state of a response that is not read at once.
    struct Parsing {
        Parsing(std::size_t max_header_bytes, std::size_t kept_bytes)
            : head(max_header_bytes), parser(kept_bytes) {}

        AnswerHead head;
        Parser parser;
        std::string unread;
        std::size_t body_bytes = 0;
        int interim_answers = 0;
    };

    bool take_plain(std::string_view bytes);
    bool read_head();
    void begin_body();
    bool read_body();
    void finish_body(bool is_complete);
    void fail(FailureReason reason, std::string error);

    const std::size_t max_header_bytes_;
    const std::size_t kept_bytes_;
    std::unique_ptr<Parsing> parsing_;  ///< Null while there is none.
    TransportAnswer answer_;            ///< The result, once it is done.
    bool was_fed_ = false;
    bool has_answer_ = false;
    bool is_done_ = false;
    bool may_reuse_ = false;
};

}  // namespace webhooks::transport
