#include <string>
#include <support/catch.hpp>
#include <webhooks/endpoint.hpp>

using namespace webhooks;

namespace {

std::vector<FieldError> errors_of(const Headers& headers) {
    const auto result = check_headers(headers);
    if (result) return {};
    CHECK(result.error() == Errc::invalid_argument);
    return result.error().fields();
}

constexpr const char* bad_name = "must have a name of 1 to 128 letters, digits and !#$%&'*+-.^_`|~";
constexpr const char* rejected = "is reserved and cannot be set by a subscription";
constexpr const char* bad_value = "must be printable ASCII without surrounding spaces";

std::string text(std::size_t size) {
    return std::string(size, 'x');
}

Headers many(std::size_t count, std::size_t value_size = 1) {
    Headers headers;
    for (std::size_t i = 0; i < count; ++i) {
        headers.push_back({"x-" + std::to_string(1000 + i), text(value_size)});
    }
    return headers;
}

}  // namespace

TEST_CASE("a subscription's own headers are accepted") {
    CHECK(errors_of({}).empty());
    for (const char* name :
         {"Authorization", "X-Api-Key", "x_custom", "Accept", "Cookie", "X-Request-Id", "Hosted",
          "Dated", "X-Webhook-Id", "Security", "Proxied", "Contents", "Teapot", "X-Metadata",
          "User-Agent-Hint", "a", "!#$%&'*+-.^_`|~09AZaz", "X-Host", "Upgrade-Insecure-Requests"}) {
        CAPTURE(name);
        CHECK(errors_of({{name, "value"}}).empty());
    }
    CHECK(errors_of({{text(128), "value"}}).empty());
}

TEST_CASE("names reserved for the library, the connection or clouds are rejected, in any case") {
    for (const char* name : {"Host",
                             "Connection",
                             "Keep-Alive",
                             "Proxy-Connection",
                             "Proxy-Authorization",
                             "TE",
                             "Trailer",
                             "Transfer-Encoding",
                             "Upgrade",
                             "HTTP2-Settings",
                             "Expect",
                             "Content-Length",
                             "Content-Type",
                             "Content-Encoding",
                             "content-anything",
                             "Date",
                             "User-Agent",
                             "webhook-id",
                             "Webhook-Signature",
                             "webhook-anything",
                             "Set-Cookie",
                             "Accept-Encoding",
                             "Sec-Fetch-Mode",
                             "sec-",
                             "Metadata",
                             "METADATA-FLAVOR",
                             "X-aws-ec2-metadata-token",
                             "X-Aws-Ec2-Metadata-Token-Ttl-Seconds",
                             "x-amz-date",
                             "X-Goog-Anything",
                             "X-Google-Metadata-Request",
                             "X-Azure-FDID"}) {
        CAPTURE(name);
        CHECK(errors_of({{name, "value"}}) ==
              std::vector<FieldError>{{std::string("headers.") + name, rejected}});
    }
}

TEST_CASE("underscore spellings of rejected names are rejected") {
    for (const char* name : {"Transfer_Encoding", "content_length", "Keep_Alive", "webhook_id",
                             "Proxy_Connection", "user_agent", "x_amz-date"}) {
        CAPTURE(name);
        CHECK(errors_of({{name, "value"}}) ==
              std::vector<FieldError>{{std::string("headers.") + name, rejected}});
    }
}

TEST_CASE("a name is a token of at most 128 characters") {
    for (const char* name : {"a b", "a:", "a(b)", "a\"", "a/b", "a[0]", "a@b", "a{b}", "a,b", "a;",
                             "<a>", "a=b", "a?", "a\\b", " a", "a "}) {
        CAPTURE(name);
        CHECK(errors_of({{name, "value"}}) ==
              std::vector<FieldError>{{std::string("headers.") + name, bad_name}});
    }
    CHECK(errors_of({{"", "value"}}) == std::vector<FieldError>{{"headers", bad_name}});
    CHECK(errors_of({{text(129), "value"}}) ==
          std::vector<FieldError>{{"headers." + text(128), bad_name}});
}

TEST_CASE("the field of an error shows no control character and nothing outside ASCII") {
    CHECK(errors_of({{"a\r\nb\xc3\xbc", "value"}}) ==
          std::vector<FieldError>{{"headers.a??b??", bad_name}});
    CHECK(errors_of({{std::string("a\0b", 3), "value"}}) ==
          std::vector<FieldError>{{"headers.a?b", bad_name}});
}

TEST_CASE("a value is printable ASCII without surrounding spaces") {
    for (const char* value : {"", "a", "a b", "a\tb", "Bearer abc==", "!\"#$%&'()*+,-./:;<=>?@~"}) {
        CAPTURE(value);
        CHECK(errors_of({{"x", value}}).empty());
    }
    for (const std::string& value :
         {std::string(" a"), std::string("a "), std::string("\ta"), std::string("a\t"),
          std::string(" "), std::string("a\r\nb: c"), std::string("a\nb"), std::string("a\x7f"),
          std::string("\xc3\xbc"), std::string("a\0b", 3), std::string("\x1b")}) {
        CAPTURE(value);
        CHECK(errors_of({{"x", value}}) == std::vector<FieldError>{{"headers.x", bad_value}});
    }
    CHECK(errors_of({{"x", text(4096)}}).empty());
    CHECK(errors_of({{"x", text(4097)}}) ==
          std::vector<FieldError>{{"headers.x", "must be at most 4096 bytes long"}});
}

TEST_CASE("no two names are equal, ignoring case") {
    CHECK(errors_of({{"x-a", "1"}, {"X-A", "2"}, {"x-b", "3"}}) ==
          std::vector<FieldError>{
              {"headers.X-A", "must occur only once (names are case-insensitive)"}});
    CHECK(errors_of({{"x-a", "1"}, {"x_a", "2"}}).empty());
}

TEST_CASE("a set has at most 32 headers and 16 KiB") {
    CHECK(errors_of(many(32)).empty());
    CHECK(errors_of(many(33)) == std::vector<FieldError>{{"headers", "must be at most 32"}});
    CHECK(errors_of(many(4, 4090)).empty());
    Headers one_more = many(4, 4090);
    one_more[0].value += 'x';
    CHECK(errors_of(one_more) ==
          std::vector<FieldError>{
              {"headers", "must be at most 16384 bytes in total, names and values"}});
}

TEST_CASE("all errors are reported together, without any value") {
    const auto errors = errors_of({{"Host", "canary "}, {"a b", "canary\n"}, {"ok", "canary"}});
    CHECK(errors == std::vector<FieldError>{{"headers.Host", rejected},
                                            {"headers.Host", bad_value},
                                            {"headers.a b", bad_name},
                                            {"headers.a b", bad_value}});
}

TEST_CASE("an overlong set does not produce an overlong response") {
    CHECK(errors_of(Headers(100'000, Header{"Host", "x"})).size() < 100);
}
