#pragma once

/// @file
/// The words and signs of filters: OData's and those of System.Linq.Dynamic.Core, which mean the
/// same and may be mixed.

#include <query/lexer.hpp>
#include <query/node.hpp>
#include <string_view>

namespace webhooks::query {

struct Spelling {
    std::string_view text;  ///< A word in lower case, or a sign.
    Node::Kind kind;
};

/// A comparison's word or sign, or null. So the next two for the names of functions and methods.
const Spelling* find_comparison(const Token& token) noexcept;
/// With a text as the second argument: a condition.
const Spelling* find_test(const Token& token) noexcept;
const Spelling* find_function(const Token& token) noexcept;

bool is_and(const Token& token) noexcept;
bool is_or(const Token& token) noexcept;
bool is_not(const Token& token) noexcept;

/// What the language of Dynamic LINQ has and filters do not, and what to write instead.
struct Unsupported {
    std::string_view text;  ///< A word in lower case, or a sign.
    const char* what;
    const char* hint;
};

/// An operator, or a name that stands where a field could; or null.
const Unsupported* find_unsupported(const Token& token) noexcept;
/// What stands after the point of a field; or null.
const Unsupported* find_unsupported_member(const Token& token) noexcept;

}  // namespace webhooks::query
