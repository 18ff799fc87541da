#pragma once

#include <net/request_reader.hpp>
#include <string>
#include <string_view>
#include <support/catch.hpp>

namespace webhooks::http {

/// Reads a request, or up to where there is no more input.
inline void read(RequestReader& reader, std::string_view& input, std::size_t max_body = 64) {
    reader.consume(input);
    if (reader.state() != RequestReader::State::head_complete) return;
    reader.begin_body(max_body);
    reader.consume(input);
}

/// How a request ends: 0 if it is complete, -1 if more is to come, else the status that it
/// is rejected with.
class Verdict {
public:
    Verdict& add(std::string_view text) {
        if (!is_final()) read(reader_, text);
        return *this;
    }

    bool is_final() const {
        return reader_.state() == RequestReader::State::rejected ||
               reader_.state() == RequestReader::State::complete;
    }

    int status() const {
        if (reader_.state() == RequestReader::State::rejected) return reader_.error().status;
        return is_final() ? 0 : -1;
    }

private:
    RequestReader reader_;
};

/// Of a text that comes in pieces of a size.
inline int verdict(std::string_view text, std::size_t piece) {
    Verdict verdict;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
        verdict.add(text.substr(0, piece));
    return verdict.status();
}

/// The verdict is this one, whole, byte by byte and split in two anywhere.
inline void check_verdict(const std::string& text, int status) {
    CHECK(verdict(text, text.size()) == status);
    CHECK(verdict(text, 1) == status);
    for (std::size_t at = 1; at < text.size(); ++at) {
        const int split = Verdict().add(text.substr(0, at)).add(text.substr(at)).status();
        if (split == status) continue;
        CAPTURE(at);
        CHECK(split == status);
    }
}

/// A request with these lines after a valid request line and Host.
inline std::string with(std::string_view lines) {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(lines);
}

/// A row of a table.
struct RequestCase {
    const char* name;
    std::string text;
    int status;  ///< As Verdict::status() defines it.
};

}  // namespace webhooks::http
