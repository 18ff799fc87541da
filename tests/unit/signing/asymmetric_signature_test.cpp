// Ed25519 signatures (`v1a`). What both kinds of signatures share is in signature_test.cpp.

#include <signing/digest.hpp>
#include <string>
#include <support/catch.hpp>
#include <webhooks/signature.hpp>

using namespace webhooks;
using namespace std::chrono_literals;

namespace {

// The key is that of the Svix server's own test; the signature is in the specification, as the
// example of "Webhook headers".
const std::string svix_seed = "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=";
const Secret svix_key(
    "whsk_6Xb/dCcHpPea21PS1N9VY/"
    "NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==");
const Secret svix_public_key("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
const SignedMessage svix_message{
    .id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
    .timestamp = "1614265330",
    .signature =
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8"
        "EM+m7TBAg==",
    .body = "{\"test\": 2432232314}",
};
constexpr Time svix_time{1614265330s};
const Secret hmac_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
const std::string hmac_signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

/// The signature of the specification's message.
std::string sign_message(const Secret& secret) {
    auto signer = Signer::create(secret);
    REQUIRE(signer);
    return signer->sign(svix_message.id, svix_message.timestamp, svix_message.body).value();
}

/// Empty if the message verifies.
std::string verdict(const Secret& key, const SignedMessage& message = svix_message,
                    Time now = svix_time) {
    const auto result = verify(key, message, now);
    if (result) return "";
    CHECK(result.error() == Errc::invalid_argument);
    return result.error().detail();
}

std::string verdict_on(std::string_view signatures, const Secret& key = svix_public_key) {
    SignedMessage message = svix_message;
    message.signature = signatures;
    return verdict(key, message);
}

/// The error of the only field "secret"; empty if there is none.
template <typename T>
std::string fault_in(const Result<T>& result) {
    if (result) return "";
    CHECK(result.error() == Errc::invalid_argument);
    REQUIRE(result.error().fields().size() == 1);
    CHECK(result.error().fields()[0].field == "secret");
    return result.error().fields()[0].message;
}

std::string whsk(const std::string& bytes) {
    return "whsk_" + signing::base64_encode(bytes);
}
std::string whpk(const std::string& bytes) {
    return "whpk_" + signing::base64_encode(bytes);
}

}  // namespace

TEST_CASE("a whsk_ key signs as the specification shows and as its libraries do") {
    CHECK(sign_message(svix_key) == svix_message.signature);
    CHECK(sign_message(Secret("whsk_" + svix_seed)) == svix_message.signature);
    // From the tests of the specification's Go library, which supports only seeds.
    CHECK(sign_message(Secret("whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=")) ==
          "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8"
          "Ag==");
}

TEST_CASE("a private key yields its public one") {
    CHECK(public_key(svix_key).value() == svix_public_key);
    CHECK(public_key(Secret("whsk_" + svix_seed)).value() == svix_public_key);
    for (const Secret& key : {hmac_secret, svix_public_key, Secret("plain"), Secret()}) {
        CHECK(fault_in(public_key(key)) == "must begin with whsk_ to have a public key");
    }
    CHECK(fault_in(public_key(Secret("whsk_AAAA"))).starts_with("must have padded base64"));
}

TEST_CASE("a whsk_ secret is the base64 of a seed, or of a seed and its public key") {
    CHECK(check_secret(svix_key));
    CHECK(check_secret(Secret("whsk_" + svix_seed)));
    CHECK(check_secret(Secret(whsk(std::string(32, '\0')))));
    CHECK(check_secret(Secret("whsk")));
    CHECK(check_secret(Secret("WHSK_x")));
    CHECK(check_secret(Secret("whpk")));
    const std::string key(svix_key.reveal());
    for (const std::string& text :
         {std::string("whsk_"), std::string("whsk_abc"), std::string("whsk_!!!!"),
          whsk(std::string(31, 'x')), whsk(std::string(33, 'x')), whsk(std::string(63, 'x')),
          whsk(std::string(65, 'x')), whsk(std::string(96, 'x')), "whsk_" + svix_seed + "=",
          "whsk_ " + svix_seed, "whsk_" + svix_seed + " ", key.substr(0, key.size() - 1),
          key.substr(0, key.size() - 2), "whsk_whsk_" + svix_seed}) {
        CAPTURE(text);
        const std::string error = "must have padded base64 of 64 or 32 bytes after whsk_";
        CHECK(fault_in(check_secret(Secret(text))) == error);
        CHECK(fault_in(Signer::create(Secret(text))) == error);
        CHECK(fault_in(check_verification_key(Secret(text))) == error);
    }
}

TEST_CASE("a whsk_ secret with mismatched halves is rejected") {
    const std::string seed = signing::base64_decode(svix_seed).value();
    for (const std::string& bytes :
         {seed + seed, std::string(64, '\0'), seed + std::string(32, 'x')}) {
        CHECK(fault_in(check_secret(Secret(whsk(bytes)))) ==
              "must have its own public key after its 32-byte seed");
    }
}

TEST_CASE("a public key verifies and does not sign") {
    const std::string error = "must be a private key (whsk_); a public one (whpk_) cannot sign";
    for (const Secret& key : {svix_public_key, Secret("whpk_"), Secret("whpk_x")}) {
        CHECK(fault_in(check_secret(key)) == error);
        CHECK(fault_in(Signer::create(key)) == error);
    }
    CHECK(check_verification_key(svix_public_key));
    CHECK(check_verification_key(svix_key));
    CHECK(check_verification_key(hmac_secret));
    CHECK(check_verification_key(Secret("plain")));
    CHECK(fault_in(check_verification_key(Secret())) ==
          "must be 1 to 256 printable ASCII characters");
    for (const std::string& text :
         {std::string("whpk_"), std::string("whpk_x"), whpk(std::string(31, 'x')),
          whpk(std::string(33, 'x')), whpk(std::string(64, 'x')), "whpk_" + svix_seed + "="}) {
        CAPTURE(text);
        CHECK(fault_in(check_verification_key(Secret(text))) ==
              "must have padded base64 of 32 bytes after whpk_");
        CHECK_FALSE(verify(Secret(text), svix_message, svix_time));
    }
}

TEST_CASE("the rejection of a key does not quote it") {
    const std::string seed = signing::base64_decode(svix_seed).value();
    for (const std::string& text :
         {std::string("whsk_canary"), std::string("whpk_canary"), whsk(seed + seed)}) {
        const Secret key(text);
        const std::string part = text.substr(5, 6);
        CHECK(check_secret(key).error().to_string().find(part) == std::string::npos);
        CHECK(public_key(key).error().to_string().find(part) == std::string::npos);
    }
    const auto rejected = verify(Secret("whpk_canary"), svix_message, svix_time);
    CHECK(rejected.error().to_string().find("canary") == std::string::npos);
}

TEST_CASE("a generated signing key signs, verifies and is unique") {
    const auto one = make_signing_key();
    const auto other = make_signing_key();
    REQUIRE(one);
    REQUIRE(other);
    CHECK(check_secret(*one));
    CHECK(one->reveal().starts_with("whsk_"));
    CHECK(one->reveal().size() == svix_key.reveal().size());
    CHECK(*one != *other);
    const std::string signature = sign_message(*one);
    CHECK(verdict_on(signature, *one).empty());
    CHECK(verdict_on(signature, public_key(*one).value()).empty());
    CHECK(verdict_on(signature, public_key(*other).value()) == "no signature matches");
    CHECK(verdict_on(signature, *other) == "no signature matches");
}

TEST_CASE("an Ed25519 signer survives being moved, and signs any number of messages alike") {
    auto signer = Signer::create(svix_key);
    auto other = Signer::create(hmac_secret);
    REQUIRE(signer);
    REQUIRE(other);
    *other = std::move(*signer);
    for (int i = 0; i < 3; ++i) {
        CHECK(other->sign(svix_message.id, svix_message.timestamp, svix_message.body).value() ==
              svix_message.signature);
    }
}

TEST_CASE("a message verifies by the signature of the key's own version, among any others") {
    CHECK(verdict(svix_public_key).empty());
    CHECK(verdict(svix_key).empty());
    const std::string good(svix_message.signature);
    const std::string bad = "v1a," + std::string(86, 'A') + "==";
    for (const std::string& signatures :
         {hmac_signature + ' ' + good, good + ' ' + hmac_signature, bad + ' ' + good,
          good + ' ' + bad, "v2,x v1a, v1a " + good, good + ' ', ' ' + good, bad + "  " + good}) {
        CAPTURE(signatures);
        CHECK(verdict_on(signatures).empty());
    }
    const std::string mixed = hmac_signature + ' ' + good;
    CHECK(verdict_on(mixed, hmac_secret).empty());
    CHECK(verdict_on(mixed, svix_key).empty());
    CHECK(verdict_on(mixed, Secret("another")) == "no signature matches");
    CHECK(verdict_on(hmac_signature) == "no signature matches");
    CHECK(verdict_on(good, hmac_secret) == "no signature matches");
}

TEST_CASE("at most ten Ed25519 signatures are tried") {
    std::string before = hmac_signature + ' ';
    for (int i = 0; i < 9; ++i) {
        before += "v1a," + std::string(86, 'A') + "== ";
    }
    const std::string good(svix_message.signature);
    CHECK(verdict_on(before + good).empty());
    CHECK(verdict_on(before + "v1a,x " + good) == "no signature matches");
}

TEST_CASE("a message with another Ed25519 signature does not verify") {
    const std::string good(svix_message.signature);
    const std::string value = good.substr(4);
    std::string tampered = good;
    tampered[10] = tampered[10] == 'A' ? 'B' : 'A';
    for (const std::string& signatures :
         {tampered, std::string("v1a,"), std::string("v1a"), value, "v1," + value, "V1a," + value,
          "v1b," + value, "v1a " + value, "v1a,," + value, good + '=', good + ',' + good,
          good.substr(0, good.size() - 1), good.substr(0, good.size() - 2),
          // Stray bits after the last byte: another encoding of the same bytes.
          good.substr(0, good.size() - 3) + "h=="}) {
        CAPTURE(signatures);
        CHECK(verdict_on(signatures) == "no signature matches");
    }
    SignedMessage other = svix_message;
    other.body = "{\"test\": 2432232315}";
    CHECK(verdict(svix_public_key, other) == "no signature matches");
    other = svix_message;
    other.id = "msg_p5jXN8AQM9LWM0D4loKWxJel";
    CHECK(verdict(svix_public_key, other) == "no signature matches");
    other = svix_message;
    other.timestamp = "1614265331";
    CHECK(verdict(svix_public_key, other) == "no signature matches");
    CHECK(verdict(Secret(whpk(std::string(32, 'x')))) == "no signature matches");
}

TEST_CASE("the tolerance applies to Ed25519 signatures too") {
    CHECK(verdict(svix_public_key, svix_message, svix_time + 5min).empty());
    CHECK(verdict(svix_public_key, svix_message, svix_time - 5min).empty());
    CHECK(verdict(svix_public_key, svix_message, svix_time + 5min + 1s) ==
          "webhook-timestamp is too old");
    CHECK(verdict(svix_public_key, svix_message, svix_time - 5min - 1s) ==
          "webhook-timestamp is too new");
}
