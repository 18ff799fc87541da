#include "chunk_decoder.hpp"

#include <algorithm>

#include "../ascii.hpp"

namespace webhooks::http {
namespace {

/// A size of at most 16 digits with a few extensions; who needs more is not a client of ours.
constexpr std::size_t max_line = 256;

bool is_extension_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    });
}

Refusal bad_chunk() {
    return {400, "the chunked body is malformed"};
}

}  // namespace

std::optional<Refusal> ChunkDecoder::consume(std::string_view& input, std::string& body,
                                             std::size_t max_bytes) {
    while (!input.empty() && !is_done()) {
        if (part_ == Part::data) {
            take_data(input, body);
            continue;
        }
        switch (reader_.read(input, max_line)) {
            case LineReader::Found::part:
                return {};
            case LineReader::Found::line:
                break;
            case LineReader::Found::bare_line_feed:
            case LineReader::Found::too_long:
                return bad_chunk();
        }
        if (auto refusal = on_line(body.size(), max_bytes)) return refusal;
        reader_.next();
    }
    return {};
}

std::optional<Refusal> ChunkDecoder::on_line(std::size_t body_size, std::size_t max_bytes) {
    const std::string_view line = reader_.line();
    if (part_ == Part::size) return on_size(line, max_bytes - body_size);
    if (part_ == Part::last_end) {
        if (!line.empty()) return Refusal{400, "trailers are not accepted"};
        part_ = Part::done;
        return {};
    }
    if (!line.empty()) return bad_chunk();
    part_ = Part::size;
    return {};
}

std::optional<Refusal> ChunkDecoder::on_size(std::string_view line, std::size_t room) {
    std::size_t digits = 0;
    std::uint64_t size = 0;
    while (digits < line.size() && hex_value(line[digits]) >= 0) {
        if (digits == 16) return bad_chunk();
        size = size * 16 + static_cast<std::uint64_t>(hex_value(line[digits++]));
    }
    const std::string_view rest = line.substr(digits);
    if (digits == 0 || !is_extension_text(rest)) return bad_chunk();
    if (!rest.empty() && rest.front() != ';') return bad_chunk();
    if (size > room) return Refusal{413, "the body is too large"};
    left_ = size;
    part_ = size == 0 ? Part::last_end : Part::data;
    return {};
}

void ChunkDecoder::take_data(std::string_view& input, std::string& body) {
    const std::size_t count = std::min<std::uint64_t>(left_, input.size());
    body.append(input.substr(0, count));
    input.remove_prefix(count);
    left_ -= count;
    if (left_ == 0) part_ = Part::data_end;
}

}  // namespace webhooks::http
