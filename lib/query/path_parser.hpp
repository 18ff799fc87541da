#pragma once

#include <query/literal_parser.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace webhooks::query {

/// Reads what filters of payloads have in addition: paths, and conditions on the items of an array.
/// What is none notes the error and is null.
class PathParser : public LiteralParser {
protected:
    using LiteralParser::LiteralParser;
    ~PathParser() = default;

    /// `eventType`; `payload/order/'unit-price'`, or the same from a variable; or one of these with
    /// `/any(…)` or `/all(…)` at its end.
    NodePtr path();
    /// `exists(path)`.
    NodePtr existence();

private:
    /// Reads the condition within a lambda, one level deeper.
    virtual NodePtr lambda_body() = 0;

    bool is_variable(std::string_view name) const;
    NodePtr segment();
    NodePtr lambda(NodePtr collection);
    /// The name before the colon; null if it cannot be one.
    NodePtr variable();

    std::vector<std::string> variables_;  ///< Of the lambdas around, from the outermost.
};

}  // namespace webhooks::query
