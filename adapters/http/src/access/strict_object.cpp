#include "strict_object.hpp"

#include <utility>

#include "../json/object_parser.hpp"
#include "../json/values.hpp"

namespace webhooks::http {

std::optional<StrictObject> StrictObject::parse(std::string_view text) {
    StrictObject object;
    bool is_repeated = false;
    const Result<> visited =
        json::visit_members(text, [&](std::string name, std::string_view value) {
            is_repeated = !object.members_.emplace(std::move(name), value).second;
            return !is_repeated;
        });
    if (!visited || is_repeated) return std::nullopt;
    return object;
}

std::string_view StrictObject::raw(std::string_view name) const {
    const auto found = members_.find(name);
    return found == members_.end() ? std::string_view() : found->second;
}

std::optional<std::string> StrictObject::string(std::string_view name) const {
    return json::to_string(raw(name));
}

}  // namespace webhooks::http
