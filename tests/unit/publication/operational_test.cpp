#include <algorithm>
#include <catalog/schema.hpp>
#include <support/catch.hpp>
#include <webhooks/operational.hpp>

namespace webhooks {

TEST_CASE("operational types are reserved, sorted and described, with schemas and examples") {
    const auto& types = operational_event_types();
    CHECK(types.size() == 9);
    CHECK(std::ranges::is_sorted(types, {}, &EventType::name));
    for (const EventType& type : types) {
        CHECK(type.name.starts_with(operational_prefix));
        CHECK_FALSE(type.description.empty());
        CHECK(catalog::check_schema(type.schema));
        CHECK(type.example.starts_with(R"({"type":")" + type.name + '"'));
    }
}

}  // namespace webhooks
