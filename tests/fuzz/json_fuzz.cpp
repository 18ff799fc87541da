/// Reads arbitrary text as JSON objects. What is parsed must also be an object for Boost.JSON, and
/// each value a part of it that is valid JSON. The assertions of Boost.JSON are on here, in any
/// build type. For libFuzzer (`./dev fuzz`); driver.cpp replaces it if it is not available.

#include <boost/json/src.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <json/object_parser.hpp>
#include <json/values.hpp>

namespace {

using namespace webhooks::http;

void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

bool is_inside(std::string_view whole, std::string_view part) {
    return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void check(std::string_view text, std::string_view written) {
    expect(is_inside(text, written), "a value is a piece of its text");
    boost::system::error_code error;
    const auto value = boost::json::parse(written, error);
    expect(!error, "a value is JSON by itself");
    expect(value.is_string() == json::to_string(written).has_value(), "strings are read");
    expect(value.is_bool() == json::to_bool(written).has_value(), "flags are read");
    expect(value.is_null() == json::is_null(written), "null is read");
    if (const auto number = json::to_integer(written)) {
        // Boost.JSON's own double may be off by its last bit.
        const double exact = std::strtod(std::string(written).c_str(), nullptr);
        expect(value.is_number() && exact == static_cast<double>(*number), "integers are read");
    }
}

void check(std::string_view text, const json::Members& members) {
    for (const json::Member& member : members.all()) {
        if (!member.value.empty()) check(text, member.value);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    boost::system::error_code error;
    const auto value = boost::json::parse(text, error);
    const json::Names names = {"payload", "events", "a"};
    const auto members = json::parse_object(text, names);
    if (members) {
        expect(!error && value.is_object(), "an object is one to Boost.JSON too");
        check(text, *members);
    }
    const auto visited =
        json::visit_members(text, [&](const std::string&, std::string_view written) {
            check(text, written);
            return true;
        });
    expect(visited.has_value() == members.has_value(), "an object is one however it is read");
    const auto lenient = json::parse_object(text, names, "payload");
    expect(!members || lenient, "a raw member never makes an object wrong");
    const auto list = json::parse_list_object(text, "events", 3, names, "payload");
    if (!list) return 0;
    check(text, list->members);
    expect(list->list.size() <= 4, "a list keeps to its limit");
    for (const auto& object : list->list) {
        if (object) check(text, *object);
    }
    return 0;
}
