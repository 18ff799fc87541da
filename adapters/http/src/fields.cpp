#include <algorithm>
#include <webhooks/http/message.hpp>

#include "ascii.hpp"

namespace webhooks::http {

std::size_t count_fields(const Fields& fields, std::string_view name) {
    return static_cast<std::size_t>(std::count_if(
        fields.begin(), fields.end(), [&](const Field& f) { return iequals(f.name, name); }));
}

std::string_view find_field(const Fields& fields, std::string_view name) {
    for (const Field& field : fields) {
        if (iequals(field.name, name)) return field.value;
    }
    return {};
}

}  // namespace webhooks::http
