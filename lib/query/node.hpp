#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace webhooks {

/// A filter as written or built: names are not resolved and types are not checked yet.
struct FilterNode {
    enum class Kind : std::uint8_t {
        // Terms.
        field,    ///< `text` is its name.
        path,     ///< In a payload: `text` is the root, `payload` or a variable, and the children
                  ///< are the segments, each a text or a number.
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
        contains,  ///< children[0] contains children[1], a text.
        starts_with,
        ends_with,
        any,  ///< children[0] is a path; the condition children[1], if it is there, holds for any
              ///< of its items, named `text`.
        all,  ///< As `any`, for all items.
        exists,  ///< children[0] is a path.
        all_of,
        any_of,
        negation,
    };

    Kind kind;
    std::string text = {};
    bool truth = false;
    std::vector<std::shared_ptr<const FilterNode>> children = {};
    /// The position where it begins, from 1; 0 if a host built it.
    std::size_t position = 0;
    /// Of a parsed condition that is no combination of others: the position after it.
    std::size_t end = 0;
};

namespace query {

using Node = FilterNode;
using NodePtr = std::shared_ptr<const Node>;

}  // namespace query
}  // namespace webhooks
