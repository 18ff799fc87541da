#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "../message.hpp"
#include "chunk_decoder.hpp"
#include "line_reader.hpp"
#include "refusal.hpp"

namespace webhooks::http {

/// Limits of RFC 9112 messages that are not options.
inline constexpr std::size_t max_request_line = 8 * 1024;
inline constexpr std::size_t max_field_bytes = 32 * 1024;
inline constexpr std::size_t max_field_count = 100;

/// Reads one request after the other off a byte stream (RFC 9112), without doing any I/O.
///
/// It is strict where readers are known to differ, since a proxy in front of us may be one of them:
/// whatever could be framed in two ways is refused, and nothing after it is looked at.
class RequestParser {
public:
    enum class State { head, body, complete, refused };

    /// @param limits must outlive the parser. It asks whether a body may be large before it reads
    /// one that would be, or that does not say how large it is.
    explicit RequestParser(const BodyLimits& limits) : limits_(&limits) {}

    /// Takes bytes off the front of `input`, up to the end of the request.
    void consume(std::string_view& input);

    State state() const noexcept { return state_; }
    /// Nothing of a request has come yet.
    bool is_idle() const noexcept;
    /// The client waits for "100 Continue" before it sends the body. Told once.
    bool take_wants_continue() noexcept;
    /// @pre state() is refused.
    const Refusal& refusal() const noexcept { return refusal_; }
    /// The request; the parser is then ready for the next. @pre state() is complete.
    Request take();

private:
    void take_line(std::string_view& input);
    std::size_t line_limit() const noexcept;
    void on_line(std::string_view line);
    void on_request_line(std::string_view line);
    bool set_target(std::string_view target);
    void on_field(std::string_view line);
    void on_end_of_head();
    std::optional<Refusal> check_framing();
    std::optional<Refusal> check_host() const;
    std::size_t choose_limit() const;
    void read_connection();
    void take_body(std::string_view& input);
    void refuse(Refusal refusal);

    const BodyLimits* limits_;
    State state_ = State::head;
    LineReader line_;
    bool has_request_line_ = false;
    bool skipped_blank_line_ = false;
    bool is_http_1_0_ = false;
    std::size_t field_bytes_ = 0;
    Request request_;
    bool is_chunked_ = false;
    bool wants_continue_ = false;
    std::uint64_t length_ = 0;
    std::size_t max_body_bytes_ = 0;
    ChunkDecoder chunks_;
    Refusal refusal_;
};

}  // namespace webhooks::http
