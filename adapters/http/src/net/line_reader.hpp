#pragma once

#include <string>
#include <string_view>

namespace webhooks::http {

/// Gathers a line that may come in pieces. A line ends with CR LF and nothing else: what one
/// reader takes for an end and another for text is how requests are smuggled.
class LineReader {
public:
    enum class Found { part, line, bare_line_feed, too_long };

    /// Takes bytes off the front of `input` up to the end of the line.
    /// @param limit bytes of the line with its CR LF.
    Found read(std::string_view& input, std::size_t limit) {
        const std::size_t end = input.find('\n');
        const std::size_t count = end == std::string_view::npos ? input.size() : end + 1;
        if (line_.size() + count > limit) return Found::too_long;
        line_.append(input.substr(0, count));
        input.remove_prefix(count);
        if (end == std::string_view::npos) return Found::part;
        return line_.ends_with("\r\n") ? Found::line : Found::bare_line_feed;
    }

    /// The line without CR LF. @pre read() found a line.
    std::string_view line() const { return std::string_view(line_).substr(0, line_.size() - 2); }
    bool empty() const noexcept { return line_.empty(); }
    /// Forgets the line, so that the next can be read.
    void next() { line_.clear(); }

private:
    std::string line_;
};

}  // namespace webhooks::http
