/// Reads arbitrary text as JSON objects. What is taken apart must be an object to Boost.JSON too,
/// and each value a piece of it that is JSON by itself. The assertions of Boost.JSON are on here,
/// whatever the build type. Made for libFuzzer (`./dev fuzz`); driver.cpp stands in for it where it
/// is not there.

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

void check(std::string_view text, const json::Members& members) {
    for (const json::Member& member : members) {
        expect(is_inside(text, member.value), "a value is a piece of its text");
        boost::system::error_code error;
        const auto value = boost::json::parse(member.value, error);
        expect(!error, "a value is JSON by itself");
        expect(value.is_string() == json::to_string(member.value).has_value(), "strings are read");
        expect(value.is_bool() == json::to_bool(member.value).has_value(), "flags are read");
        expect(value.is_null() == json::is_null(member.value), "null is read");
        if (const auto number = json::to_integer(member.value)) {
            expect(value.is_int64() && value.as_int64() == *number, "integers are read");
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    boost::system::error_code error;
    const auto value = boost::json::parse(text, error);
    const auto members = json::parse_object(text);
    if (members) {
        expect(!error && value.is_object(), "an object is one to Boost.JSON too");
        check(text, *members);
    }
    const auto lenient = json::parse_object(text, "payload");
    expect(!members || lenient, "a raw member never makes an object wrong");
    const auto list = json::parse_list_object(text, "events", 3, "payload");
    if (!list) return 0;
    check(text, list->members);
    expect(list->list.size() <= 4, "a list keeps to its limit");
    for (const auto& object : list->list) {
        if (object) check(text, *object);
    }
    return 0;
}
