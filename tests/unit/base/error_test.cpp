#include <set>
#include <sstream>
#include <string>
#include <support/catch.hpp>
#include <webhooks/error.hpp>
#include <webhooks/ids.hpp>

using namespace webhooks;

TEST_CASE("each code has its own text in the category \"webhooks\"") {
    struct Row {
        Errc code;
        const char* text;
    };
    const Row rows[] = {
        {Errc::invalid_argument, "invalid argument"},
        {Errc::not_found, "not found"},
        {Errc::forbidden, "forbidden"},
        {Errc::conflict, "conflict"},
        {Errc::overloaded, "overloaded"},
        {Errc::unavailable, "unavailable"},
        {Errc::locked, "locked by another service"},
        {Errc::stale_revision, "stale revision"},
        {Errc::fenced, "worker fenced"},
        {Errc::stopped, "stopped"},
        {Errc::unsupported, "unsupported"},
        {Errc::internal, "internal error"},
        {Errc::invalid_state, "invalid state"},
    };
    for (const Row& row : rows) {
        const Error error(row.code, "detail");
        CHECK(error.code().message() == row.text);
        CHECK(error.code().category().name() == std::string("webhooks"));
        CHECK(error.to_string() == std::string(row.text) + ": detail");
        CHECK(error == row.code);
    }
    CHECK(error_category().message(0) == "unknown error");
    CHECK(error_category().message(1000) == "unknown error");
}

TEST_CASE("an error of members is an invalid argument that names each of them") {
    const Error error({{"name", "must not be empty"}, {"url", "must be an https URL"}});
    CHECK(error == Errc::invalid_argument);
    CHECK_FALSE(error == Errc::not_found);
    CHECK(error.detail() == "name: must not be empty; url: must be an https URL");
    CHECK(error.fields().size() == 2);
    CHECK(error.fields()[1] == FieldError{"url", "must be an https URL"});
    CHECK(Error(Errc::not_found, "x").fields().empty());
}

TEST_CASE("an error may carry a code of another category") {
    const Error error(std::make_error_code(std::errc::connection_refused), "dialling");
    CHECK(error.code() == std::errc::connection_refused);
    CHECK_FALSE(error == Errc::unavailable);
}

TEST_CASE("the value of a failed result throws its code and its detail") {
    const Result<int> failed = Error(Errc::conflict, "the key is taken");
    try {
        failed.value();
        FAIL("nothing was thrown");
    } catch (const std::system_error& thrown) {
        CHECK(thrown.code() == Errc::conflict);
        CHECK_THAT(thrown.what(), Catch::Matchers::ContainsSubstring("the key is taken"));
    }
}

TEST_CASE("text taken from the error of a result outlives the statement") {
    const Result<int> failed = Error({{"a", "1"}, {"b", "2"}});
    std::string text;
    for (const FieldError& field_error : failed.error().fields()) {
        text += field_error.field + field_error.message;
    }
    CHECK(text == "a1b2");
    const std::string& detail = failed.error().detail();
    CHECK(detail == "a: 1; b: 2");
}

TEST_CASE("errors and ids are written to streams as text") {
    std::ostringstream out;
    out << Errc::not_found << '|' << FieldError{"url", "must not be empty"} << '|'
        << Error(Errc::conflict, "in use") << '|' << EventId{42};
    CHECK(out.str() == "not found|url: must not be empty|conflict: in use|42");
}
