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
    /// How often tokens were looked at: a measure of time without a clock.
    std::size_t steps() const noexcept { return steps_; }

protected:
    explicit TokenReader(std::string_view text) : tokens_(lex(text)) {}

    const Token& token() const noexcept {
        ++steps_;
        return tokens_[at_];
    }
    /// The one after `token`; the end where that is the end.
    const Token& following() const noexcept;
    bool at_end() const noexcept { return token().kind == Token::Kind::end; }
    /// Whether `token` is this word, in any case, or this sign.
    bool at(std::string_view spelling) const noexcept { return is(token(), spelling); }
    /// Whether `token` is a word with an opening parenthesis right after it.
    bool at_call() const noexcept;
    /// Goes on; @return what `token` was. Never beyond the end.
    Token take() noexcept;
    /// Takes `token` if it is this one.
    bool take(std::string_view spelling) noexcept;
    /// As `take`; what is not there is a error.
    bool expect(std::string_view sign);
    /// `it.` may stand before the name of a field.
    void skip_it() noexcept;
    /// A value neither begins nor ends with blanks. To be asked at the beginning and at the end.
    bool is_trimmed();

    const SyntaxError& error() const noexcept { return error_; }
    std::nullptr_t fail(std::string what, std::size_t position, std::string hint = {});
    /// What stands here is not what the grammar wants.
    std::nullptr_t expected(const std::string& wanted);
    /// As `expected`; what a filter of Dynamic LINQ could have here is named as such.
    std::nullptr_t unexpected(const std::string& wanted);

private:
    const std::vector<Token> tokens_;
    std::size_t at_ = 0;
    SyntaxError error_;
    mutable std::size_t steps_ = 0;
};

}  // namespace webhooks::query
