#include <access/jws.hpp>
#include <access/published_keys.hpp>
#include <stdexcept>
#include <vector>

#include "jwt_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;
using namespace std::chrono_literals;

namespace {

/// Publishes what a test says.
struct Published final : DocumentFetcher {
    Result<std::string> fetch(const std::string& url) override {
        CHECK(url == "https://id.example.com/keys");
        ++requests;
        if (is_throwing) throw std::runtime_error("thrown");
        return document;
    }
    void publish(const std::string& id) {
        // The key of RFC 8037 A.2.
        document = R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":")" + id +
                   R"(","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";
    }
    Result<std::string> document = Error(Errc::unavailable, "no route");
    int requests = 0;
    bool is_throwing = false;
};

struct Warnings final : Observer {
    void on_record(const LogRecord& record) override {
        lines.push_back((record.event == LogEvent::jwks_unusable ? "unusable " : "usable ") +
                        std::string(record.message));
    }
    std::vector<std::string> lines;
};

struct PublishedFixture {
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    std::shared_ptr<Published> site = std::make_shared<Published>();
    std::shared_ptr<Warnings> log = std::make_shared<Warnings>();
    PublishedKeys keys{"https://id.example.com/keys", site, clock, log};

    std::string current() {
        const auto set = keys.current();
        return set ? (*set)->front().id() : std::string("error");
    }
    /// Whether it is read after this time.
    bool reads_after(std::chrono::seconds time) {
        clock->advance(time);
        return keys.read_if_due();
    }
};

}  // namespace

TEST_CASE_METHOD(PublishedFixture, "published keys are read at once, and then every 10 minutes") {
    site->publish("a");
    CHECK(keys.current().error() == Errc::unavailable);
    CHECK(keys.read_if_due());
    CHECK(current() == "a");
    site->publish("b");
    CHECK_FALSE(reads_after(10min - 1s));
    CHECK(reads_after(1s));
    CHECK(current() == "b");
    CHECK(site->requests == 2);
    CHECK(log->lines.empty());
}

TEST_CASE_METHOD(PublishedFixture,
                 "for unknown keys, published ones are read at most every 30 seconds") {
    site->publish("a");
    CHECK(keys.look_for_new());
    CHECK(keys.read_if_due());
    CHECK_FALSE(keys.look_for_new());
    CHECK_FALSE(reads_after(29s));
    CHECK_FALSE(keys.look_for_new());
    clock->advance(1s);
    site->publish("b");
    CHECK(keys.look_for_new());
    CHECK(keys.read_if_due());
    CHECK(current() == "b");
    CHECK_FALSE(keys.look_for_new());
}

TEST_CASE_METHOD(PublishedFixture,
                 "while published keys cannot be read, the last set is valid for a day") {
    CHECK(keys.read_if_due());
    CHECK(current() == "error");
    CHECK_FALSE(reads_after(29s));
    site->publish("a");
    CHECK(reads_after(1s));
    CHECK(current() == "a");
    for (const char* broken : {"", "{}", R"({"keys":[]})", "<html>"}) {
        site->document = std::string(broken);
        CHECK(reads_after(10min));
        CHECK(current() == "a");
    }
    site->is_throwing = true;
    CHECK(reads_after(30s));
    clock->advance(24h - 40min - 31s);
    CHECK(current() == "a");
    clock->advance(1h);
    CHECK(current() == "error");
    REQUIRE(log->lines.size() == 3);
    CHECK(log->lines[0] ==
          "unusable the keys that verify tokens cannot be read from https://id.example.com/keys; "
          "the previous ones are valid for up to 24 hours: no route");
    CHECK(log->lines[1] == "usable the keys that verify tokens can be read again");
    CHECK(log->lines[2].starts_with("unusable "));
}

TEST_CASE_METHOD(PublishedFixture, "published keys that have a secret among them are not used") {
    for (const char* more : {"", R"("use":"enc",)", R"("alg":"HS512",)"}) {
        site->publish("a");
        std::string& text = site->document.value();
        text.replace(text.find("]}"), 2,
                     std::string(R"(,{"kty":"oct",)") + more + R"("kid":"shared","k":")" +
                         encoded(jwt_secret) + R"("}]})");
        CHECK(reads_after(10min));
        CHECK(current() == "error");
    }
    REQUIRE(log->lines.size() == 1);
    CHECK_THAT(log->lines[0],
               Catch::Matchers::ContainsSubstring("'shared' is symmetric (kty oct)"));
    CHECK(log->lines[0].find(encoded(jwt_secret)) == std::string::npos);
}

TEST_CASE_METHOD(PublishedFixture, "a token may name a key that is not published yet") {
    site->publish("a");
    REQUIRE(keys.read_if_due());
    const JwtKeySet set = keys.current().value();
    const auto token = [](const std::string& header) { return token_of(header, claims()); };
    CHECK(names_unknown_key(token(R"({"alg":"HS256","kid":"b"})"), *set));
    CHECK_FALSE(names_unknown_key(token(R"({"alg":"HS256","kid":"a"})"), *set));
    CHECK_FALSE(names_unknown_key(token(hs256_header), *set));
    CHECK_FALSE(names_unknown_key(token(R"({"kid":7})"), *set));
    CHECK_FALSE(names_unknown_key("a.b.c", *set));
    CHECK_FALSE(names_unknown_key("", *set));
    CHECK_FALSE(names_unknown_key(std::string(9000, 'a') + "..", *set));
}

TEST_CASE_METHOD(PublishedFixture, "wrong options of published keys are named") {
    const auto error_of = [&](JwtOptions wrong) {
        const auto made = check_jwt(std::move(wrong), clock);
        return made ? "" : made.error().detail();
    };
    CHECK(error_of({.jwks_url = "http://id.example.com/keys", .fetcher = site}) ==
          "jwks_url: must be an https URL");
    CHECK(error_of({.jwks_url = "https://id.example.com/keys"}) ==
          "fetcher: is required with jwks_url");
    CHECK(error_of(
              {.keys = {hs256_key()}, .jwks_url = "https://id.example.com/k", .fetcher = site}) ==
          "jwks_url: must be the only source of keys");
}
