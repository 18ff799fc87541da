#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <webhooks/header.hpp>

namespace webhooks::transport {

/// Parses the head of a response (status line and fields) as leniently as common clients do: only
/// the status, how the body ends, and whether the connection can continue matter. A head that
/// violates RFC 9112 is accepted, but its connection is not reused.
class AnswerHead {
public:
    enum class State { needs_more, complete, failed };

    explicit AnswerHead(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// @param bytes everything that has arrived since the head began; call again with more after
    /// `needs_more`. A peer that speaks another protocol fails at once.
    State read(std::string_view bytes);

    /// Why it failed.
    const std::string& error() const noexcept { return error_; }

    // The following functions require a complete head.

    std::size_t size() const noexcept { return line_begin_; }
    int status() const noexcept { return status_; }
    /// Values of all `Retry-After` fields, as one list.
    const std::string& retry_after() const noexcept { return retry_after_; }
    bool may_reuse_connection() const noexcept;
    /// Of a status that is no success: the headers that `AttemptDetails` has.
    Headers take_kept() { return std::move(kept_); }
    /// The same head, reduced to what determines how the body ends.
    std::string canonical() const;

private:
    void take_status_line(std::string_view line);
    void take_field_line(std::string_view line);
    void finish_field();
    void take_connection(std::string_view value);
    void keep_field();
    bool is_chunked() const;
    void fail(std::string error) { error_ = std::move(error); }

    std::size_t max_bytes_;
    std::size_t line_begin_ = 0;
    std::size_t searched_ = 0;  ///< There is no other line end before this position.
    std::string name_;          ///< Of the field that is being parsed, in lower case.
    std::string value_;

    int status_ = 0;
    bool is_http_1_1_ = false;
    bool is_regular_ = true;
    bool is_close_ = false;
    bool is_keep_alive_ = false;
    std::string content_lengths_;  ///< As field lines.
    std::string codings_;
    std::string retry_after_;
    Headers kept_;
    std::size_t kept_bytes_ = 0;
    std::string error_;
};

}  // namespace webhooks::transport
