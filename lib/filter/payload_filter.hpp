#pragma once

#include <filter/evaluate.hpp>
#include <memory>
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

    /// @param steps is lowered by those that it takes; at 0 they were too few, and it is unknown.
    /// @return nullopt for unknown, which does not match.
    std::optional<bool> judge(const Candidate& candidate, std::size_t& steps) const {
        return evaluate(*node_, candidate, steps);
    }
    std::optional<bool> judge(const Candidate& candidate) const {
        std::size_t steps = max_steps;
        return judge(candidate, steps);
    }

private:
    explicit PayloadFilter(query::NodePtr node) : node_(std::move(node)) {}

    query::NodePtr node_;
};

using FilterPtr = std::shared_ptr<const PayloadFilter>;

}  // namespace webhooks::filter
