#include <filter/check.hpp>
#include <filter/payload_filter.hpp>
#include <query/parser.hpp>

namespace webhooks::filter {

std::variant<PayloadFilter, query::SyntaxError> PayloadFilter::parse(std::string_view text) {
    auto parsed = query::parse_filter(text, nullptr, query::Grammar::payload);
    if (auto* error = std::get_if<query::SyntaxError>(&parsed)) return std::move(*error);
    query::NodePtr node = std::get<query::NodePtr>(std::move(parsed));
    if (auto error = check(*node)) return *std::move(error);
    return PayloadFilter(std::move(node));
}

}  // namespace webhooks::filter
