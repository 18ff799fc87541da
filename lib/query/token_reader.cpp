#include <algorithm>
#include <query/spelling.hpp>
#include <query/token_reader.hpp>

namespace webhooks::query {

const Token& TokenReader::following() const noexcept {
    ++steps_;
    return tokens_[std::min(at_ + 1, tokens_.size() - 1)];
}

bool TokenReader::at_call() const noexcept {
    return token().kind == Token::Kind::word && is(following(), "(") && following().blanks == 0;
}

Token TokenReader::take() noexcept {
    const Token taken = token();
    if (taken.kind != Token::Kind::end) ++at_;
    return taken;
}

bool TokenReader::take(std::string_view spelling) noexcept {
    if (!at(spelling)) return false;
    take();
    return true;
}

bool TokenReader::expect(std::string_view sign) {
    if (take(sign)) return true;
    unexpected(in_quotes(sign));
    return false;
}

void TokenReader::skip_it() noexcept {
    if (!at("it") || !is(following(), ".")) return;
    take();
    take();
}

bool TokenReader::is_trimmed() {
    if (at_ == 0 && token().blanks > 0) {
        fail("a blank at the beginning", 1);
        return false;
    }
    if (at_end() && token().blanks > 0) {
        fail("a blank at the end", token().position - token().blanks);
        return false;
    }
    return true;
}

std::nullptr_t TokenReader::fail(std::string what, std::size_t position, std::string hint) {
    error_ = {std::move(what), position, std::move(hint)};
    return nullptr;
}

std::nullptr_t TokenReader::unexpected(const std::string& wanted) {
    const Unsupported* unsupported = find_unsupported(token());
    if (!unsupported) return expected(wanted);
    return fail(unsupported->what, token().position, unsupported->hint);
}

std::nullptr_t TokenReader::expected(const std::string& wanted) {
    const Token& found = token();
    if (at_end()) return fail("expected " + wanted, found.position);
    return fail("expected " + wanted + ", found " + in_quotes(found.text), found.position);
}

}  // namespace webhooks::query
