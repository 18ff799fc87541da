#include <filesystem>
#include <fstream>
#include <webhooks/memory_storage.hpp>

#include "jwt_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;
using namespace std::chrono_literals;

namespace {

std::string at(std::int64_t seconds) {
    return std::to_string(start + seconds);
}

struct JwtFixture {
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    JwtOptions options{.keys = {hs256_key()}};

    Result<Principal> check(const std::string& given) {
        return check_jwt(options, clock).value()->check(token_of(hs256_header, given));
    }
    std::string error(const std::string& given) {
        const auto caller = check(given);
        if (caller) return "";
        CHECK(caller.error() == Errc::invalid_argument);
        return caller.error().detail();
    }
};

/// A file that is removed at the end.
struct TemporaryFile {
    TemporaryFile() = default;
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { std::filesystem::remove(path); }

    /// As another file, so that the change is seen whatever the file system's clock is.
    void write(const std::string& text) const {
        std::ofstream(path + ".new") << text;
        std::filesystem::rename(path + ".new", path);
    }

    std::string path =
        std::filesystem::temp_directory_path() / ("webhooks-jwks-" + std::to_string(::getpid()));
};

std::string set_of(const std::string& id) {
    return R"({"keys":[{"kty":"oct","kid":")" + id + R"(","k":")" + encoded(jwt_secret) + "\"}]}";
}

}  // namespace

TEST_CASE_METHOD(JwtFixture, "a token is its user's, with all of a user's permissions") {
    const Principal caller = check(claims()).value();
    CHECK(caller == Principal::user("alice"));
    CHECK(caller.credential().kind == Credential::Kind::jwt);
    CHECK(caller.credential().expires_at == clock->now() + 1h);
}

TEST_CASE_METHOD(JwtFixture, "a token's permissions are those that it lists") {
    const auto permissions = [&](const std::string& list) {
        return check(claims(R"(,"webhooks":)" + list)).value().permissions();
    };
    CHECK(permissions("[]") == Permissions());
    CHECK(permissions(R"(["events:read","events:publish"])") ==
          Permissions{Permission::events_read, Permission::events_publish});
    CHECK(permissions(R"(["events:read","events:dance"])") == Permission::events_read);
    CHECK(permissions(R"(["administrator"])") == Permissions::administrator());
    for (const char* list : {R"("administrator")", "null", "{}", "[1]", "true"}) {
        INFO(list);
        CHECK_FALSE(check(claims(R"(,"webhooks":)" + std::string(list))));
    }
    options.permissions_claim = "scope";
    CHECK(check(claims(R"(,"webhooks":["administrator"])")).value() == Principal::user("alice"));
}

TEST_CASE_METHOD(JwtFixture, "a token needs a user and an end") {
    const std::string end = R"("exp":)" + at(60);
    const std::string no_user = "The token has no user (sub) of 1 to 256 bytes.";
    CHECK(error("{" + end + "}") == no_user);
    CHECK(error(R"({"sub":"",)" + end + "}") == no_user);
    CHECK(error(R"({"sub":7,)" + end + "}") == no_user);
    CHECK(error(R"({"sub":")" + std::string(257, 'x') + "\"," + end + "}") == no_user);
    CHECK(error(R"({"sub":")" + std::string(256, 'x') + "\"," + end + "}").empty());
    CHECK(error(R"({"sub":"alice"})") == "The token does not expire: it has no exp.");
    CHECK_FALSE(error(R"({"sub":"a\u0000b",)" + end + "}").empty());
    CHECK(error(R"({"sub":"a","sub":"b",)" + end + "}") == "The token's claims are malformed.");
    CHECK(error("[]") == "The token's claims are malformed.");
}

namespace {
const std::string no_time =
    "The token has a time (exp, nbf or iat) that is not a number of seconds from 1970 to 9999.";
}  // namespace

TEST_CASE_METHOD(JwtFixture,
                 "a token is accepted only in its time, by clocks that differ a little") {
    const auto [text, expected] = GENERATE_REF(table<std::string, std::string>({
        {R"("exp":)" + at(0), ""},
        {R"("exp":)" + at(-59), ""},
        {R"("exp":)" + at(-60), "The token has expired."},
        {R"("exp":)" + at(60) + ".5", ""},
        {R"("exp":1.76e9)", "The token has expired."},
        {R"("exp":")" + at(60) + "\"", no_time},
        {R"("exp":1e300)", no_time},
        {R"("exp":-1)", no_time},
        {R"("exp":null)", no_time},
        {R"("exp":)" + at(60) + R"(,"nbf":)" + at(60), ""},
        {R"("exp":)" + at(90) + R"(,"nbf":)" + at(61), "The token is not valid yet."},
        {R"("exp":)" + at(60) + R"(,"iat":)" + at(60), ""},
        {R"("exp":)" + at(90) + R"(,"iat":)" + at(61), "The token was issued in the future."},
        {R"("exp":)" + at(86400), ""},
        {R"("exp":)" + at(86401), "The token is valid for longer than is accepted here."},
        {R"("exp":)" + at(60) + R"(,"iat":)" + at(60 - 86401),
         "The token is valid for longer than is accepted here."},
        {R"("exp":)" + at(60) + R"(,"iat":)" + at(60 - 86400), ""},
    }));
    INFO(text);
    CHECK(error(R"({"sub":"alice",)" + text + "}") == expected);
}

TEST_CASE_METHOD(JwtFixture, "a clock that jumps changes at once which tokens are valid") {
    const auto tokens = check_jwt(options, clock).value();
    const std::string token = token_of(hs256_header, claims());
    CHECK(tokens->check(token));
    clock->jump(2h);
    CHECK_FALSE(tokens->check(token));
    clock->jump(-2h);
    CHECK(tokens->check(token));
}

TEST_CASE_METHOD(JwtFixture, "a token must be of the issuer and for the audience") {
    CHECK(error(claims(R"(,"iss":"anyone")")).empty());
    CHECK(error(claims(R"(,"aud":"others")")) == "The token is for another audience (aud).");
    options.issuer = "https://id.example.com";
    options.audience = "hooks";
    const std::string issuer = R"(,"iss":"https://id.example.com")";
    CHECK(error(claims(issuer + R"(,"aud":"hooks")")).empty());
    CHECK(error(claims(issuer + R"(,"aud":["others","hooks"])")).empty());
    for (const char* aud : {R"("others")", R"(["others"])", "[]", R"(["hooks",1])", R"("Hooks")",
                            R"({"hooks":1})", "null"}) {
        INFO(aud);
        CHECK(error(claims(issuer + R"(,"aud":)" + aud)) ==
              "The token is for another audience (aud).");
    }
    CHECK(error(claims(issuer)) == "The token is for another audience (aud).");
    CHECK(error(claims(R"(,"aud":"hooks")")) == "The token is of another issuer (iss).");
    CHECK(error(claims(R"(,"iss":["https://id.example.com"],"aud":"hooks")")) ==
          "The token is of another issuer (iss).");
}

TEST_CASE_METHOD(JwtFixture, "a file of keys is read again when it changes") {
    const TemporaryFile file;
    file.write(set_of("a"));
    options = {.jwks_file = file.path};
    const auto tokens = check_jwt(options, clock).value();
    const auto with_id = [&](const std::string& id) {
        return bool(tokens->check(token_of(R"({"alg":"HS256","kid":")" + id + "\"}", claims())));
    };
    CHECK(with_id("a"));
    file.write(set_of("new"));
    clock->advance(1s);
    CHECK(with_id("new"));
    CHECK_FALSE(with_id("a"));
    file.write("broken");
    clock->advance(1s);
    CHECK(with_id("new"));
    file.write(set_of("last"));
    clock->advance(1s);
    CHECK(with_id("last"));
}

TEST_CASE_METHOD(JwtFixture, "wrong options and unusable keys are named") {
    const auto error_of = [&](JwtOptions wrong) {
        const auto made = check_jwt(std::move(wrong), clock);
        return made ? "" : made.error().detail();
    };
    CHECK(error_of({}) == "keys: must have a key, or jwks_file a file of keys");
    CHECK(error_of({.keys = {hs256_key(), {.secret = Secret("short")}}}) ==
          "keys[1]: HS256 needs a secret of at least 32 bytes, which is not a PEM file");
    CHECK(error_of({.keys = {hs256_key("a"), hs256_key("a")}}) ==
          "keys: two keys have the id (kid) 'a'");
    CHECK(error_of({.jwks_file = "/does/not/exist"}) ==
          "jwks_file: /does/not/exist: No such file or directory");
    CHECK(error_of({.jwks_file = "/"}) == "jwks_file: / is not a regular file of at most 1 MiB");
    CHECK(error_of({.keys = {hs256_key()}, .leeway = 11min}) == "leeway: must be 0 s to 10 min");
    CHECK(error_of({.keys = {hs256_key()}, .max_lifetime = 0s}) ==
          "max_lifetime: must be 1 s to 366 days");
}

TEST_CASE_METHOD(JwtFixture, "keys and tokens are accepted together, but only of one caller") {
    ApiKeys keys(make_memory_storage());
    const Secret key = keys.create(Principal::user("alice")).value();
    const Secret of_bob = keys.create(Principal::user("bob")).value();
    const auto both = authenticate_by({check_jwt(options, clock).value(), check_api_keys(keys)});
    const auto user = [&](const Fields& fields) {
        const auto caller =
            both->authenticate({.method = "GET", .target = "/", .fields = fields, .peer = {}});
        return caller ? caller->user_id() : caller.error().detail();
    };
    const std::string token = "Bearer " + token_of(hs256_header, claims());
    const std::string none = "Valid credentials are required, in x-api-key or as a Bearer token.";
    CHECK(user({{"authorization", token}}) == "alice");
    CHECK(user({{"x-api-key", std::string(key.reveal())}}) == "alice");
    CHECK(user({{"authorization", token}, {"x-api-key", std::string(key.reveal())}}) == "alice");
    CHECK(user({{"authorization", token}, {"x-api-key", std::string(of_bob.reveal())}}) ==
          "The credentials in x-api-key and the Bearer token are of different callers; send one of "
          "them.");
    CHECK(user({{"authorization", token}, {"x-api-key", "unknown"}}) == none);
    CHECK(user({{"authorization", token}, {"authorization", token}}) == none);
    CHECK(user({}) == none);
    clock->advance(2h);
    CHECK(user({{"authorization", token}}) == "The token has expired.");
}
