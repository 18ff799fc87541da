// Cases that other filters publish, translated: event-ruler's correctness cases (Apache-2.0), the
// cases of Outpost's simplejsonmatch (Apache-2.0), CESQL's conformance kit (Apache-2.0) and OData's
// ABNF test cases. Where this language decides otherwise, the comment says so.

#include <filter/payload_filter.hpp>
#include <string>
#include <support/catch.hpp>

namespace webhooks::filter {
namespace {

struct Case {
    const char* filter;
    const char* payload;
    bool matches;
};

void check(const std::vector<Case>& cases) {
    for (const Case& one : cases) {
        INFO(one.filter << " on " << one.payload);
        auto parsed = PayloadFilter::parse(one.filter);
        const auto* error = std::get_if<query::SyntaxError>(&parsed);
        REQUIRE((error ? error->message() : "") == "");
        const auto document = JsonDocument::parse(one.payload);
        REQUIRE(document);
        const Candidate candidate{.event_type = "t", .payload = &*document};
        CHECK((std::get<PayloadFilter>(parsed).judge(candidate) == true) == one.matches);
    }
}

}  // namespace

TEST_CASE("cases of event-ruler are judged alike") {
    const char* both = "exists(payload/d/a) and exists(payload/d/b)";
    const char* in_one = "payload/d/any(e: exists(e/a) and exists(e/b))";
    const char* three = "payload/d/any(e: exists(e/a) and exists(e/b) and exists(e/c))";
    const char* alice = "payload/d/any(e: e/name eq 'alice' and e/status eq 'active')";
    const char* prefix = "payload/d/any(e: startswith(e/name,'al') and exists(e/status))";
    const char* nested = "payload/u/any(u: u/t/any(t: t/k eq 'color' and t/v eq 'blue'))";
    const char* info = "payload/d/any(e: exists(e/name) and e/info/x eq '1')";
    const char* leaves = "payload/a/any(a: a/b/any(b: exists(b/x) and exists(b/y)))";
    const char* absent = "payload/d/any(e: exists(e/a) and not exists(e/b))";
    const char* not_banned = "payload/d/tags/any(t: t ne 'banned') and exists(payload/d/type)";
    check({
        {both, R"({"d":{"a":1,"b":2}})", true},
        {both, R"({"d":{"a":1}})", false},
        {"payload/d/a eq 'hello' and payload/d/b eq 'world'", R"({"d":{"a":"hello","b":"world"}})",
         true},
        {"payload/d/a eq 'hello' and payload/d/b eq 'world'", R"({"d":{"a":"hello","b":"nope"}})",
         false},
        {"startswith(payload/d/a,'hel')", R"({"d":{"a":"hello"}})", true},
        {"payload/d/x gt 0 and payload/d/x lt 100", R"({"d":{"x":50}})", true},
        {"payload/d/s ne 'banned'", R"({"d":{"s":"active"}})", true},
        {in_one, R"({"d":[{"a":1,"b":2}]})", true},
        {in_one, R"({"d":[{"a":1},{"b":2}]})", false},
        {in_one, R"({"d":[{"a":1},{"b":2},{"a":3,"b":4}]})", true},
        {three, R"({"d":[{"a":1,"b":2,"c":3}]})", true},
        {three, R"({"d":[{"a":1},{"b":2},{"c":3}]})", false},
        {alice, R"({"d":[{"name":"alice","status":"active"}]})", true},
        {alice, R"({"d":[{"name":"alice"},{"status":"active"}]})", false},
        {prefix, R"({"d":[{"name":"alice","status":"ok"}]})", true},
        {prefix, R"({"d":[{"name":"alice"},{"status":"ok"}]})", false},
        {"payload/tags/any(t: t eq 'admin')", R"({"tags":["user","admin"]})", true},
        {"payload/tags/any(t: t eq 'superadmin')", R"({"tags":["user","admin"]})", false},
        {nested, R"({"u":[{"t":[{"k":"color","v":"blue"}]}]})", true},
        {nested, R"({"u":[{"t":[{"k":"color"},{"v":"blue"}]}]})", false},
        {info, R"({"d":[{"name":"alice"},{"info":{"x":"1"}}]})", false},
        {info, R"({"d":[{"name":"alice","info":{"x":"1"}}]})", true},
        {leaves, R"({"a":[{"b":[{"x":1,"y":2}]}]})", true},
        {leaves, R"({"a":[{"b":[{"x":1},{"y":2}]}]})", false},
        {"payload/users/any(u: exists(u/name)) and payload/version eq '1'",
         R"({"users":[{"name":"alice"}],"version":"1"})", true},
        {"payload/users/any(u: exists(u/name)) and payload/version eq '2'",
         R"({"users":[{"name":"alice"}],"version":"1"})", false},
        {absent, R"({"d":[{"a":1}]})", true},
        {absent, R"({"d":[{"a":1,"b":2}]})", false},
        {"exists(payload/d/a)", "{}", false},
        {"payload/d/any(e: exists(e/a))", R"({"d":[]})", false},
        {"payload/d/any(e: exists(e/a))", R"({"d":[{"a":1},{"a":2}]})", true},
        {"payload/d/any(e: e/a eq 'target' and e/b eq 'found')",
         R"({"d":[{"a":"x"},{"a":"y"},{"a":"target","b":"found"},{"a":"z"}]})", true},
        {"payload/i/any(i: i/p gt 0 and i/p lt 100 and exists(i/n))",
         R"({"i":[{"n":"w","p":50},{"n":"g","p":200}]})", true},
        {"payload/u/any(u: u/s ne 'banned' and exists(u/n))",
         R"({"u":[{"n":"alice","s":"banned"},{"n":"bob","s":"active"}]})", true},
        {"payload/d/tags/any(t: startswith(t,'ad'))", R"({"d":{"tags":["admin","user"]}})", true},
        {"payload/d/tags/any(t: startswith(t,'super'))", R"({"d":{"tags":["admin"]}})", false},
        {"payload/d/vals/any(v: v gt 0 and v lt 10)", R"({"d":{"vals":[100,5,200]}})", true},
        {not_banned, R"({"d":{"tags":["banned","ok"],"type":"x"}})", true},
        // There, an empty array does not exist.
        {"exists(payload/d/name)", R"({"d":{"name":[]}})", true},
        {"payload/d/name/any()", R"({"d":{"name":[]}})", false},
    });
}

TEST_CASE("cases of Outpost are judged alike") {
    const char* between = "payload/count gt 1 and payload/count lt 3";
    const char* tag = "payload/tags/any(t: t eq 'test')";
    const char* few = "payload/items/any(i: i/inventory le 10)";
    const char* starts = "startswith(payload/test,'some') or startswith(payload/test,'else')";
    const char* either = "payload/test eq 'else' or payload/test eq 'not'";
    check({
        {"payload/type eq 'created'", R"({"type":"created"})", true},
        {"payload/type eq 'created'", "{}", false},
        {"payload/type eq 'created'", R"({"type":1})", false},
        {"payload/type eq 1", R"({"type":1})", true},
        {"payload/count eq 1 and payload/type eq 'created'", R"({"count":1})", false},
        {"payload/count lt 1", R"({"count":0})", true},
        {"payload/count lt 1", R"({"count":2})", false},
        {"payload/count eq 2", R"({"count":2})", true},
        {"payload/count ne 2", R"({"count":2})", false},
        {between, R"({"count":2})", true},
        {between, R"({"count":4})", false},
        {"payload/title gt 'b'", R"({"title":"a"})", false},
        {"payload/title gt 'b'", R"({"title":"c"})", true},
        {"payload/type/something eq 'created'", R"({"type":{"something":"created"}})", true},
        {"payload/type eq 1", R"({"type":{"something":"created"}})", false},
        {tag, R"({"tags":["test","other"]})", true},
        {tag, R"({"tags":["nope"]})", false},
        {few, R"({"items":[{"inventory":9},{"inventory":11}]})", true},
        {few, R"({"items":[{"inventory":12},{"inventory":11}]})", false},
        {"payload/any(x: x eq 3)", "[1,2,3]", true},
        {"payload/any(x: x eq 4)", "[1,2,3]", false},
        {"payload eq 3", "[1,2,3]", false},
        {"payload/exist", R"({"exist":true})", true},
        {"not payload/exist", R"({"exist":true})", false},
        {"payload/exist eq null", R"({"exist":null})", true},
        {"payload/exist eq false", R"({"exist":null})", false},
        {"payload/exist ne null", R"({"exist":null})", false},
        {"payload eq 'created'", R"("created")", true},
        {"payload ge 5", "10", true},
        {"payload", R"({"test":true})", false},
        {"endswith(payload/test,'text')", R"({"test":"some-text"})", true},
        {"endswith(payload/test,'some')", R"({"test":"some-text"})", false},
        {"startswith(payload/test,'text')", R"({"test":{"more":true}})", false},
        {starts, R"({"test":"some-text"})", true},
        {"payload/id in (123,456)", R"({"id":123})", true},
        {"payload/id not in (123,456)", R"({"id":123})", false},
        {"contains(payload/test,'text')", R"({"test":"some-text"})", true},
        {"not payload/tags/any(t: t eq 'test')", R"({"tags":["test","something"]})", false},
        // There, a list on the other side of an order compares with nothing.
        {"payload/test gt 3", R"({"test":1})", false},
        {"payload/test or payload/x", R"({"test":true})", true},
        {either, R"({"test":"else"})", true},
        {either, R"({"test":"else1"})", false},
        {"payload/test/a ne null and contains(payload/test/a,'else')", R"({"test":{"a":null}})",
         false},
        {"exists(payload/test)", R"({"test":"else"})", true},
        {"not exists(payload/test)", R"({"test":"else"})", false},
        {"not exists(payload/test)", R"({"test1":"else"})", true},
        {"exists(payload/a/b/c)", R"({"a":{"b":{"d":1}}})", false},
    });
}

TEST_CASE("cases of CESQL and OData are judged alike") {
    check({
        {"1 lt payload/n and payload/n le 2", R"({"n":2})", true},
        {"payload/b and true", R"({"b":true})", true},
        {"payload/b and false", R"({"b":true})", false},
        {"payload/b or false", R"({"b":false})", false},
        {"not payload/b", R"({"b":false})", true},
        {"payload/s in ('a','b','c')", R"({"s":"b"})", true},
        {"payload/s in ('a','b','c')", R"({"s":"d"})", false},
        {"payload/s not in ('a','b','c')", R"({"s":"d"})", true},
        // Unlike CESQL, which casts: a text is never a number.
        {"payload/s in ('1','2')", R"({"s":1})", false},
        {"payload/s eq 'true'", R"({"s":true})", false},
        {"length(payload/s) eq 5", R"({"s":"H\u00e4ll\ud83d\ude00"})", true},
        {"toupper(payload/s) eq 'ABC'", R"({"s":"abc"})", true},
        // OData: collections, lambdas within each other, and what a variable does not hide.
        {"payload/Items/any(d:d/Quantity gt 100)", R"({"Items":[{"Quantity":101}]})", true},
        {"payload/Items/all(d:d/Quantity gt 100)", R"({"Items":[{"Quantity":101},{}]})", false},
        {"payload/Items/any()", R"({"Items":[{}]})", true},
        {"payload/Orders/any(o:o/Items/any(i:i/Price gt o/Limit))",
         R"({"Orders":[{"Limit":5,"Items":[{"Price":4}]},{"Limit":3,"Items":[{"Price":4}]}]})",
         true},
        {"payload/Tags/0 eq 'x' and payload/Tags/1 eq 'y'", R"({"Tags":["x","y"]})", true},
        {"payload/Tags/0 eq 'x'", R"({"Tags":{"0":"x"}})", false},
        {"payload/Tags/'0' eq 'x'", R"({"Tags":{"0":"x"}})", true},
        {"payload/x eq 'O''Neil'", R"({"x":"O'Neil"})", true},
        {"payload/a eq 1 or payload/b eq 2 and payload/c eq 3", R"({"a":1})", true},
        {"(payload/a eq 1 or payload/b eq 2) and payload/c eq 3", R"({"a":1})", false},
    });
}

}  // namespace webhooks::filter
