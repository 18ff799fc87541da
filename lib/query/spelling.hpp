#pragma once

/// @file
/// The words and operators of filters: those of OData and of System.Linq.Dynamic.Core, which mean
/// the same and can be mixed.

#include <query/lexer.hpp>
#include <query/node.hpp>
#include <string_view>

namespace webhooks::query {

struct Spelling {
    std::string_view text;  ///< A word in lower case, or an operator.
    Node::Kind kind;
};

/// A comparison's word or operator, or null. The next two do the same for the names of functions
/// and methods.
const Spelling* find_comparison(const Token& token) noexcept;
/// Conditions that take a text as the second argument.
const Spelling* find_test(const Token& token) noexcept;
const Spelling* find_function(const Token& token) noexcept;

bool is_and(const Token& token) noexcept;
bool is_or(const Token& token) noexcept;
bool is_not(const Token& token) noexcept;

/// A feature of Dynamic LINQ that filters do not support, and what to write instead.
struct Unsupported {
    std::string_view text;  ///< A word in lower case, or an operator.
    const char* what;
    const char* hint;
};

/// An operator, or a name in the place of a field; or null.
const Unsupported* find_unsupported(const Token& token) noexcept;
/// A name after the dot of a field; or null.
const Unsupported* find_unsupported_member(const Token& token) noexcept;

}  // namespace webhooks::query
