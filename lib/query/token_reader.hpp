#pragma once

#include <query/lexer.hpp>
#include <query/syntax_error.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace webhooks::query {

/// The tokens of a text, for a parser that never goes back. What cannot go on notes the error.
class TokenReader {
public:
    /// How often tokens were read: a measure of time without a clock.
    std::size_t steps() const noexcept { return steps_; }

protected:
    explicit TokenReader(std::string_view text) : tokens_(lex(text)) {}

    const Token& token() const noexcept {
        ++steps_;
        return tokens_[at_];
    }
    /// The token after `token`; the end if that is the end.
    const Token& following() const noexcept;
    /// The position after the last token that was taken.
    std::size_t end_of_last() const noexcept { return token().position - token().blanks; }
    bool at_end() const noexcept { return token().kind == Token::Kind::end; }
    /// Whether `token` is this word, case-insensitively, or this operator.
    bool at(std::string_view spelling) const noexcept { return is(token(), spelling); }
    /// Whether `token` is a word directly followed by an opening parenthesis.
    bool at_call() const noexcept;
    /// Advances; @return the previous `token`. Never goes beyond the end.
    Token take() noexcept;
    /// Consumes `token` if it is this one.
    bool take(std::string_view spelling) noexcept;
    /// As `take`; what is not there is a error.
    bool expect(std::string_view sign);
    /// `it.` is allowed before the name of a field.
    void skip_it() noexcept;
    /// A value neither starts nor ends with spaces. Must be called at the start and at the end.
    bool is_trimmed();

    const SyntaxError& error() const noexcept { return error_; }
    std::nullptr_t fail(std::string what, std::size_t position, std::string hint = {});
    /// The next token does not match the grammar.
    std::nullptr_t expected(const std::string& wanted);
    /// As `expected`; names an unsupported feature of Dynamic LINQ if there is one here.
    std::nullptr_t unexpected(const std::string& wanted);

private:
    const std::vector<Token> tokens_;
    std::size_t at_ = 0;
    SyntaxError error_;
    mutable std::size_t steps_ = 0;
};

}  // namespace webhooks::query
