#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace webhooks::query {

/// A filter as it was written or built: names are not looked up and types are not judged yet.
struct Node {
    enum class Kind : std::uint8_t {
        // Terms.
        field,    ///< `text` is its name.
        text,     ///< `text` is the value.
        number,   ///< `text` is the literal.
        time,     ///< `text` is the literal.
        boolean,  ///< `truth` is the value.
        null,
        to_lower,
        to_upper,
        length,
        // Conditions.
        equal,
        not_equal,
        less,
        less_equal,
        greater,
        greater_equal,
        in,        ///< children[0] is in the rest.
        contains,  ///< children[0] with children[1], a text.
        starts_with,
        ends_with,
        all_of,
        any_of,
        negation,
    };

    Kind kind;
    std::string text = {};
    bool truth = false;
    std::vector<std::shared_ptr<const Node>> children = {};
    /// The character it begins at, from 1; 0 where a host built it.
    std::size_t position = 0;
};

using NodePtr = std::shared_ptr<const Node>;

}  // namespace webhooks::query
