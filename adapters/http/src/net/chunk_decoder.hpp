#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "line_reader.hpp"
#include "refusal.hpp"

namespace webhooks::http {

/// Takes the chunks off a body (RFC 9112, section 7.1), as they arrive. Extensions are passed over;
/// trailers are refused.
class ChunkDecoder {
public:
    /// Takes bytes off the front of `input` and adds what they carry to `body`.
    /// @param max_bytes of `body`; more is refused with 413.
    /// @return the reason where the framing is wrong.
    std::optional<Refusal> consume(std::string_view& input, std::string& body,
                                   std::size_t max_bytes);
    /// The last chunk and its end have been read.
    bool is_done() const noexcept { return part_ == Part::done; }

private:
    enum class Part { size, data, data_end, last_end, done };

    std::optional<Refusal> on_line(std::size_t body_size, std::size_t max_bytes);
    std::optional<Refusal> on_size(std::string_view line, std::size_t room);
    void take_data(std::string_view& input, std::string& body);

    LineReader reader_;
    Part part_ = Part::size;
    std::uint64_t left_ = 0;
};

}  // namespace webhooks::http
