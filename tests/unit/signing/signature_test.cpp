#include <string>
#include <support/catch.hpp>
#include <webhooks/signature.hpp>

using namespace webhooks;
using namespace std::chrono_literals;

namespace {

const Secret standard_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

/// The specification's own example.
const SignedMessage standard_message{
    .id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
    .timestamp = "1614265330",
    .signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    .body = "{\"test\": 2432232314}",
};
constexpr Time standard_time{1614265330s};

std::string sign(const Secret& secret, std::string_view body = "{}") {
    auto signer = Signer::create(secret);
    REQUIRE(signer);
    return signer->sign("msg_1", "1700000000", body).value();
}

std::string error_of(const std::string& secret) {
    const auto result = check_secret(Secret(secret));
    if (result) return "";
    CHECK(result.error() == Errc::invalid_argument);
    REQUIRE(result.error().fields().size() == 1);
    CHECK(result.error().fields()[0].field == "secret");
    return result.error().fields()[0].message;
}

/// Empty if the message verifies.
std::string rejection_of(const SignedMessage& message, Time now = standard_time) {
    const auto result = verify(standard_secret, message, now);
    if (result) return "";
    CHECK(result.error() == Errc::invalid_argument);
    return result.error().detail();
}

SignedMessage with_signature(std::string_view signature) {
    SignedMessage message = standard_message;
    message.signature = signature;
    return message;
}

SignedMessage with_timestamp(std::string_view timestamp) {
    SignedMessage message = standard_message;
    message.timestamp = timestamp;
    return message;
}

constexpr const char* bad_text = "must be 1 to 256 printable ASCII characters";
constexpr const char* bad_key = "must have padded base64 of 24 to 64 bytes after whsec_";

}  // namespace

TEST_CASE("signing produces the value of the Standard Webhooks specification") {
    auto signer = Signer::create(standard_secret);
    REQUIRE(signer);
    CHECK(signer->sign(standard_message.id, standard_message.timestamp, standard_message.body)
              .value() == standard_message.signature);
}

// Expected values come from Python's hmac.
TEST_CASE("a whsec_ secret signs with its decoded bytes, any other with its own") {
    CHECK(sign(standard_secret, "") == "v1,gSiPCGkMwgBPwtqun+0WQGJwP7wCS5MuBHUR5RLZhOo=");
    CHECK(sign(standard_secret, "{\"a\":\"\xc3\xbc\n\"}") ==
          "v1,4SaPJBT4blkoNUPOzROhbzAh4Oq3o8jldCBoq6pv238=");
    CHECK(sign(Secret("correct horse battery")) ==
          "v1,hPAwn9W4R3IERGBqw4id+XfducvcqCjx4VT7vz8zNd8=");
    CHECK(sign(Secret("x")) == "v1,RB2ICwSE78uwVDrjMSci3RKLbS9AfiuNvISBF2XftPI=");
    CHECK(sign(Secret("WHSEC_abc")) == "v1,BC5qsIxW3y2F8NBO8GjFWfkY1cMSTnccHtqA8BM4/x8=");
}

TEST_CASE("a signer survives being moved, and signs any number of messages alike") {
    auto signer = Signer::create(standard_secret);
    REQUIRE(signer);
    Signer moved = std::move(*signer);
    auto other = Signer::create(Secret("x"));
    REQUIRE(other);
    *other = std::move(moved);
    for (int i = 0; i < 3; ++i) {
        CHECK(other->sign(standard_message.id, standard_message.timestamp, standard_message.body)
                  .value() == standard_message.signature);
    }
}

TEST_CASE("a secret is 1-256 printable characters, and whsec_ is followed by its key") {
    const std::string key_24 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
    const std::string key_64 =
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";
    for (const std::string& secret :
         {std::string("x"), std::string("pass phrase!~"), std::string(256, 'x'),
          std::string("whsec"), std::string("WHSEC_x"), std::string("xwhsec_x"), "whsec_" + key_24,
          "whsec_" + key_64}) {
        CAPTURE(secret);
        CHECK(error_of(secret).empty());
    }
    for (const std::string& secret :
         {std::string(), std::string(257, 'x'), std::string("a\tb"), std::string("a\nb"),
          std::string("\xc3\xbc"), std::string("a\x7f"), std::string("a\0b", 3)}) {
        CAPTURE(secret);
        CHECK(error_of(secret) == bad_text);
    }
    for (const std::string& secret :
         {std::string("whsec_"), std::string("whsec_abc"), std::string("whsec_!!!!"),
          std::string("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY="),  // 23 bytes
          "whsec_" + key_64.substr(0, 86) + "0A=",                // 65 bytes
          "whsec_" + key_24 + "=", "whsec_" + key_24 + " ", "whsec_ " + key_24,
          "whsec_" + key_24.substr(1), "whsec_" + key_64.substr(0, 86), "whsec_whsec_" + key_24}) {
        CAPTURE(secret);
        CHECK(error_of(secret) == bad_key);
        CHECK_FALSE(Signer::create(Secret(secret)));
    }
}

TEST_CASE("the rejection of a secret does not quote it") {
    const auto result = Signer::create(Secret("whsec_canary"));
    REQUIRE_FALSE(result);
    CHECK(result.error().to_string().find("canary") == std::string::npos);
}

TEST_CASE("a generated secret can sign and is unique") {
    const auto one = make_secret();
    const auto other = make_secret();
    REQUIRE(one);
    REQUIRE(other);
    CHECK(check_secret(*one));
    CHECK(one->reveal().size() == std::string("whsec_").size() + 44);
    CHECK(one->reveal().substr(0, 6) == "whsec_");
    CHECK(*one != *other);
}

TEST_CASE("a message verifies if one of the given signatures is its own") {
    CHECK(rejection_of(standard_message).empty());
    const std::string good(standard_message.signature);
    const std::string bad = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for (const std::string& signatures : {bad + ' ' + good, good + ' ' + bad, "v1a,xyz " + good,
                                          good + ' ', ' ' + good, bad + "  " + good + " v2,x"}) {
        CAPTURE(signatures);
        CHECK(rejection_of(with_signature(signatures)).empty());
    }
}

TEST_CASE("a message with another signature does not verify") {
    const std::string good(standard_message.signature);
    for (const std::string& signatures :
         {std::string("v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), std::string("v1,"),
          std::string(" "), good.substr(3), "v1a," + good.substr(3), "V1," + good.substr(3),
          good.substr(0, good.size() - 1), good + '=', good + ',' + good,
          std::string("v1 ") + good.substr(3)}) {
        CAPTURE(signatures);
        CHECK(rejection_of(with_signature(signatures)) == "no signature matches");
    }
    SignedMessage other = standard_message;
    other.body = "{\"test\": 2432232315}";
    CHECK(rejection_of(other) == "no signature matches");
    other = standard_message;
    other.id = "msg_p5jXN8AQM9LWM0D4loKWxJel";
    CHECK(rejection_of(other) == "no signature matches");
    CHECK(rejection_of(with_timestamp("1614265331")) == "no signature matches");
    CHECK_FALSE(verify(Secret("another"), standard_message, standard_time));
}

TEST_CASE("a timestamp verifies within the tolerance on both sides, and not beyond") {
    CHECK(rejection_of(standard_message, standard_time + 5min).empty());
    CHECK(rejection_of(standard_message, standard_time - 5min).empty());
    CHECK(rejection_of(standard_message, standard_time + 5min + 1s) ==
          "webhook-timestamp is too old");
    CHECK(rejection_of(standard_message, standard_time - 5min - 1s) ==
          "webhook-timestamp is too new");
    CHECK(verify(standard_secret, standard_message, standard_time + 1h, 1h));
    CHECK_FALSE(verify(standard_secret, standard_message, standard_time + 1s, 0s));
    CHECK(rejection_of(with_timestamp("999999999999")) == "webhook-timestamp is too new");
    CHECK(rejection_of(with_timestamp("0")) == "webhook-timestamp is too old");
}

TEST_CASE("a missing header or malformed time is named") {
    SignedMessage message = standard_message;
    message.id = {};
    CHECK(rejection_of(message) == "webhook-id is missing");
    CHECK(rejection_of(with_timestamp({})) == "webhook-timestamp is missing");
    CHECK(rejection_of(with_signature({})) == "webhook-signature is missing");
    for (const char* timestamp :
         {"abc", "1614265330.0", "-1", "+1614265330", " 1614265330", "1614265330 ", "0x60", "1e9",
          "9999999999999", "99999999999999999999999999"}) {
        CAPTURE(timestamp);
        CHECK(rejection_of(with_timestamp(timestamp)) == "webhook-timestamp is not Unix seconds");
    }
}
