#pragma once

#include <query/node.hpp>
#include <query/token_reader.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace webhooks::query {

NodePtr make(Node::Kind kind, std::size_t position, std::string text = {},
             std::vector<NodePtr> children = {});

/// Reads values. What is none notes the error and is null.
class LiteralParser : public TokenReader {
protected:
    using TokenReader::TokenReader;

    /// A text, a number, a time, `true`, `false` or `null`.
    NodePtr literal();
    /// Whether the next token is `DateTime` or `DateTimeOffset`, which `literal` parses.
    bool at_time_type() const noexcept { return at("datetime") || at("datetimeoffset"); }

private:
    NodePtr text();
    NodePtr number_or_time();
    NodePtr time_of_type();
    NodePtr time_of_numbers(const Token& type);
    NodePtr time_of_text(const Token& type);
};

}  // namespace webhooks::query
