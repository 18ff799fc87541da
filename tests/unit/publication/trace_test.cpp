#include <support/catch.hpp>
#include <webhooks/trace.hpp>

using namespace webhooks;

namespace {

const std::string valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string kept_state(const std::string& state) {
    return TraceContext::parse(valid, state).value().tracestate;
}

}  // namespace

TEST_CASE("a traceparent of version 00 is kept as it is") {
    CHECK(TraceContext::parse(valid).value().traceparent == valid);
    CHECK(TraceContext::parse(" " + valid + "\t").value().traceparent == valid);
    CHECK(TraceContext::parse("00-12345678901234567890123456789012-1234567890123456-ff"));
}

TEST_CASE("the id of a trace is part of its traceparent") {
    CHECK(TraceContext::parse(valid).value().trace_id() == "0af7651916cd43dd8448eb211c80319c");
    CHECK(TraceContext{.traceparent = "00-1"}.trace_id().empty());
}

// The rows of the W3C's validation service that concern version 00.
TEST_CASE("any other traceparent is ignored") {
    const auto text = GENERATE(
        as<std::string>(), "", "00", "00-12345678901234567890123456789012-1234567890123456-01-",
        "00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
        "00-12345678901234567890123456789012-1234567890123456-01.what",
        "cc-12345678901234567890123456789012-1234567890123456-01",
        "ff-12345678901234567890123456789012-1234567890123456-01",
        ".0-12345678901234567890123456789012-1234567890123456-01",
        "0-12345678901234567890123456789012-1234567890123456-01",
        "000-12345678901234567890123456789012-1234567890123456-01",
        "00-00000000000000000000000000000000-1234567890123456-01",
        "00-.2345678901234567890123456789012-1234567890123456-01",
        "00-1234567890123456789012345678901-1234567890123456-01",
        "00-123456789012345678901234567890123-1234567890123456-01",
        "00-12345678901234567890123456789012-0000000000000000-01",
        "00-12345678901234567890123456789012-.234567890123456-01",
        "00-12345678901234567890123456789012-123456789012345-01",
        "00-12345678901234567890123456789012-12345678901234567-01",
        "00-12345678901234567890123456789012-1234567890123456-.0",
        "00-12345678901234567890123456789012-1234567890123456-0",
        "00-12345678901234567890123456789012-1234567890123456-001",
        "00-ABCDEF78901234567890123456789012-1234567890123456-01",
        "00-12345678901234567890123456789012-1234567890ABCDEF-01",
        "00_12345678901234567890123456789012-1234567890123456-01");
    INFO(text);
    CHECK_FALSE(TraceContext::parse(text));
}

TEST_CASE("a valid tracestate is kept") {
    const auto state = GENERATE(
        as<std::string>(), "", "foo=1", "foo=1,bar=2", "foo=1 \t , \t bar=2, \t baz=3", "foo=1,",
        "foo@bar=1", "f0o_-*/=1", "foo=!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~",
        std::string(256, 'z') + "=1", std::string(241, 't') + "@" + std::string(14, 's') + "=1");
    INFO(state);
    CHECK(kept_state(state) == state);
}

TEST_CASE("any other tracestate is left out, and the traceparent stays") {
    std::string many = "k0=1";
    for (int i = 1; i <= 32; ++i)
        many += ",k" + std::to_string(i) + "=1";
    const auto state = GENERATE_COPY(
        as<std::string>(), "foo =1", "FOO=1", "foo.bar=1", "foo@=1", "@foo=1", "foo@@bar=1",
        "foo@bar@baz=1", "foo=1,foo=2", "foo", "foo=", "=1", "foo=bar=baz", "foo=\xC3\xA4",
        std::string(257, 'z') + "=1", std::string(242, 't') + "@v=1",
        "t@" + std::string(15, 'v') + "=1", many, "a=" + std::string(511, 'x'));
    INFO(state);
    CHECK(kept_state(state).empty());
}

TEST_CASE("a child has another parent in the same trace") {
    const TraceContext child = TraceContext::parse(valid, "foo=1").value().child(0xab);
    CHECK(child.traceparent == "00-0af7651916cd43dd8448eb211c80319c-00000000000000ab-01");
    CHECK(child.tracestate == "foo=1");
}
