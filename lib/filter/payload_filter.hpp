#pragma once

#include <filter/evaluate.hpp>
#include <optional>
#include <query/node.hpp>
#include <query/syntax_error.hpp>
#include <string>
#include <variant>

namespace webhooks::filter {

/// A condition on the type and payload of events. Immutable and cheap to copy.
class PayloadFilter {
public:
    /// @return what is wrong with the text, and where.
    WEBHOOKS_EXPORT static std::variant<PayloadFilter, query::SyntaxError> parse(
        std::string_view text);

    const query::Node& node() const noexcept { return *node_; }

    /// @param visits grows by what it looked at.
    /// @return nullopt for unknown, which does not match.
    std::optional<bool> judge(const Message& message, std::size_t& visits) const {
        std::size_t left = JsonDocument::max_values;
        const std::optional<bool> verdict = evaluate(*node_, message, left);
        visits += JsonDocument::max_values - left;
        return verdict;
    }
    std::optional<bool> judge(const Message& message) const {
        std::size_t visits = 0;
        return judge(message, visits);
    }

private:
    explicit PayloadFilter(query::NodePtr node) : node_(std::move(node)) {}

    query::NodePtr node_;
};

}  // namespace webhooks::filter
