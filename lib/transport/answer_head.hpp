#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace webhooks::transport {

/// Reads the head of an answer (status line and fields) as leniently as common clients do: what
/// matters of it is the status, how the body ends, and whether the connection can go on. A head
/// that bends the rules of RFC 9112 is accepted, but its connection is not reused.
class AnswerHead {
public:
    enum class Progress { needs_more, complete, failed };

    explicit AnswerHead(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// @param bytes all that has arrived since the head began; call again with more of them after
    ///     `needs_more`. A peer that speaks something else fails at once.
    Progress read(std::string_view bytes);

    /// Why it failed.
    const std::string& error() const noexcept { return error_; }

    // The rest is for a head that is complete.

    std::size_t size() const noexcept { return line_begin_; }
    int status() const noexcept { return status_; }
    /// Values of all `Retry-After` fields, as one list.
    const std::string& retry_after() const noexcept { return retry_after_; }
    bool may_reuse_connection() const noexcept;
    /// The same head with nothing in it but what tells how the body ends.
    std::string canonical() const;

private:
    void take_status_line(std::string_view line);
    void take_field_line(std::string_view line);
    void finish_field();
    void take_connection(std::string_view value);
    bool is_chunked() const;
    void fail(std::string error) { error_ = std::move(error); }

    std::size_t max_bytes_;
    std::size_t line_begin_ = 0;
    std::size_t searched_ = 0;  ///< Up to here there is no other end of a line.
    std::string name_;          ///< Of the field that is being read, in lower case.
    std::string value_;

    int status_ = 0;
    bool is_http_1_1_ = false;
    bool is_regular_ = true;
    bool is_close_ = false;
    bool is_keep_alive_ = false;
    std::string content_lengths_;  ///< As field lines.
    std::string codings_;
    std::string retry_after_;
    std::string error_;
};

}  // namespace webhooks::transport
