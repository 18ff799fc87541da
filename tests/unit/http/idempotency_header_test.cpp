// The header `Idempotency-Key`, which many clients send instead of a member of the body.

#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

namespace {

struct HeaderFixture : ApiFixture {
    HeaderFixture() { create(); }

    boost::json::value ids(const std::string& target, const std::string& body) {
        return json(202, "POST", target, body).at("eventIds");
    }
};

}  // namespace

TEST_CASE_METHOD(HeaderFixture,
                 "a publication repeated with the same Idempotency-Key header, member or parameter "
                 "returns the first receipt") {
    const std::string event = R"({"eventType":"order.created","payload":1})";
    extra_fields = {{"idempotency-KEY", GENERATE("k", "\"k\"")}};
    const auto first = ids("/events", event);
    REQUIRE(first.as_array().size() == 1);
    CHECK(ids("/events", event) == first);
    CHECK(ids("/events?eventType=order.created", "1") == first);
    CHECK(ids("/events", R"({"eventType":"order.created","payload":1,"idempotencyKey":"k"})") ==
          first);
    extra_fields.clear();
    CHECK(ids("/events?eventType=order.created&idempotencyKey=k", "1") == first);
    CHECK(ids("/events", event) != first);
}

TEST_CASE_METHOD(HeaderFixture,
                 "an Idempotency-Key header with other content is a conflict, and one that says "
                 "nothing or something else than the body is an error") {
    extra_fields = {{"Idempotency-Key", "k"}};
    json(202, "POST", "/events?eventType=order.created", "1");
    json(409, "POST", "/events?eventType=order.created", "2");
    const auto [fields, error] = GENERATE(table<Fields, std::string>({
        {{{"Idempotency-Key", ""}}, "must not be empty; leave it out"},
        {{{"Idempotency-Key", "\"\""}}, "must not be empty; leave it out"},
        {{{"Idempotency-Key", "a"}}, "differs from 'idempotencyKey'; send one of them"},
        {{{"Idempotency-Key", "k"}, {"Idempotency-Key", "k"}}, "must occur once"},
    }));
    extra_fields = fields;
    const std::string expected = R"({"Idempotency-Key":[")" + error + R"("]})";
    CHECK(errors("POST", "/events",
                 R"({"eventType":"order.created","payload":1,"idempotencyKey":"k"})") == expected);
    CHECK(errors("POST", "/events?eventType=order.created&idempotencyKey=k", "1") == expected);
}

TEST_CASE_METHOD(HeaderFixture, "an Idempotency-Key header follows the rules of the member") {
    extra_fields = {{"Idempotency-Key", GENERATE(std::string(257, 'k'), std::string("\xC3\xA4"))}};
    CHECK(json(400, "POST", "/events", R"({"eventType":"order.created","payload":1})")
              .at("errors")
              .as_object()
              .contains("idempotencyKey"));
}

TEST_CASE_METHOD(HeaderFixture, "keys of two users in Idempotency-Key headers are two keys") {
    extra_fields = {{"Idempotency-Key", "k"}};
    const std::string event = R"({"eventType":"order.created","payload":1})";
    CHECK(ids("/events", event).as_array().size() == 1);
    key = "bob";
    CHECK(ids("/events", event).as_array().empty());
}

TEST_CASE_METHOD(HeaderFixture, "a batch with an Idempotency-Key header is told where keys go") {
    extra_fields = {{"Idempotency-Key", "k"}};
    CHECK(
        errors("POST", "/events/batch",
               R"({"events":[{"eventType":"order.created","payload":1}]})") ==
        R"({"Idempotency-Key":["is for a single event; in a batch, give each event its own member )"
        R"('idempotencyKey'"]})");
}
