#include <access/base64url.hpp>
#include <access/jwks.hpp>
#include <access/jws.hpp>
#include <algorithm>

#include "jwt_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

namespace {

// The examples of RFC 7515, appendices A.1 to A.3, and of RFC 8037, appendix A.4.

const std::string rfc_payload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";

struct Example {
    std::string jwk;
    std::string token;
};

Example hs256_example() {
    return {R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-)"
            R"(1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})",
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + rfc_payload +
                ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"};
}

Example rs256_example() {
    return {
        R"({"kty":"RSA","e":"AQAB","n":")"
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP"
        "1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kp"
        "aSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG"
        "4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
        "\"}",
        "eyJhbGciOiJSUzI1NiJ9." + rfc_payload +
            ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5Y"
            "Kt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xB"
            "ArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI"
            "7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGl"
            "UPQGe77Rw"};
}

Example es256_example() {
    return {
        R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
        R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
        "eyJhbGciOiJFUzI1NiJ9." + rfc_payload +
            ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6N"
            "U1Q"};
}

Example eddsa_example() {
    return {
        R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"};
}

std::vector<JwtVerifier> keys_of(const std::string& jwks) {
    return read_jwks(R"({"keys":[)" + jwks + "]}", KeySetOrigin::file).value();
}

std::string error_of_set(const std::string& jwks) {
    const auto keys = read_jwks(R"({"keys":[)" + jwks + "]}", KeySetOrigin::file);
    return keys ? "" : keys.error().detail();
}

std::string error_of(const std::string& token, const std::vector<JwtVerifier>& keys) {
    const auto verified = verify_jws(token, keys);
    return verified ? "" : verified.error().detail();
}

std::vector<JwtVerifier> secret_key() {
    return {JwtVerifier::make(hs256_key()).value()};
}

/// A key in PEM, made of the RSA example by `openssl`.
const std::string rsa_pem = R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj
NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz
P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo
9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB
EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX
FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp
oQIDAQAB
-----END PUBLIC KEY-----
)";

}  // namespace

TEST_CASE("the examples of the RFCs are verified, and nothing that differs in a bit") {
    for (const Example& example :
         {hs256_example(), rs256_example(), es256_example(), eddsa_example()}) {
        const auto keys = keys_of(example.jwk);
        INFO(example.token);
        CHECK(error_of(example.token, keys).empty());
        const std::size_t signature = example.token.rfind('.') + 1;
        for (std::size_t i : {signature, signature + 40, example.token.find('.') + 5}) {
            std::string changed = example.token;
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            CHECK(error_of(changed, keys) == "The token's signature is wrong.");
        }
        CHECK_FALSE(error_of(example.token.substr(0, signature), keys).empty());
        CHECK_FALSE(error_of(example.token + "AA", keys).empty());
    }
}

TEST_CASE("a key verifies tokens of its own algorithm alone") {
    const auto rsa = keys_of(rs256_example().jwk);
    const std::string wrong = "The token is signed with another algorithm than its key's.";
    const std::string text = rs256_example().token;
    const std::string signature = text.substr(text.rfind('.'));
    for (const char* header :
         {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"HS256"})", R"({"alg":"rs256"})",
          R"({"alg":"RS512"})", R"({"alg":"PS256"})", R"({"alg":"ES256"})", R"({"alg":null})",
          R"({"alg":["RS256"]})", R"({"alg":""})", R"({"typ":"JWT"})", R"({"ALG":"RS256"})"}) {
        INFO(header);
        CHECK(error_of(encoded(header) + "." + rfc_payload + signature, rsa) == wrong);
        CHECK(error_of(encoded(header) + "." + rfc_payload + ".", rsa) == wrong);
    }
    // The public key as the secret of an HMAC.
    CHECK(error_of(token_of(hs256_header, "{}", rsa_pem), rsa) == wrong);
    CHECK(error_of(es256_example().token, rsa) == wrong);
    CHECK(error_of(token_of(R"({"alg":"none"})", "{}"), secret_key()) == wrong);
}

TEST_CASE("a token that is not exactly a signature in compact form is rejected") {
    const auto keys = secret_key();
    const std::string good = token_of(hs256_header, "{}");
    REQUIRE(error_of(good, keys).empty());
    for (const std::string& text :
         {std::string(),
          std::string("."),
          std::string(".."),
          std::string("a.b"),
          good + ".",
          good + ".a.b",
          "." + good,
          good + "=",
          good + " ",
          good + "\n",
          " " + good,
          token_of("[]", "{}"),
          token_of("", "{}"),
          token_of("null", "{}"),
          token_of(R"({"alg":"HS256","alg":"HS256"})", "{}"),
          token_of(R"({"alg":"HS256"} )" + std::string(1, '\0'), "{}"),
          token_of(R"({"alg":"HS256","crit":["exp"]})", "{}"),
          token_of(R"({"alg":"HS256","crit":[]})", "{}"),
          token_of(R"({"alg":"HS256","crit":["b64"],"b64":false})", "{}"),
          token_of(R"({"alg":"HS256","enc":"A128GCM"})", "{}"),
          token_of(R"({"alg":"HS256","x":)" + std::string(40, '[') + std::string(40, ']') + "}",
                   "{}"),
          token_of(hs256_header, std::string(8 * 1024, ' '))}) {
        INFO(text.substr(0, 100));
        CHECK_FALSE(error_of(text, keys).empty());
    }
    CHECK(error_of(token_of(hs256_header, std::string(4 * 1024, ' ')), keys).empty());
}

TEST_CASE("base64url is accepted only in its one form") {
    CHECK(decode_base64url("") == "");
    CHECK(decode_base64url("Zg") == "f");
    CHECK(decode_base64url("Zm8") == "fo");
    CHECK(decode_base64url("-_-_") == "\xfb\xff\xbf");
    for (const char* text : {"Z", "Zh", "Zm9", "Zg==", "Zm 8", "+/+/", "Zm9vY", "Zg\n"}) {
        INFO(text);
        CHECK_FALSE(decode_base64url(text));
    }
}

TEST_CASE("the key is the one that the token names") {
    const auto named = [](const std::string& id) {
        return JwtVerifier::make(hs256_key(id)).value();
    };
    const std::vector<JwtVerifier> two{named("a"), named("b")};
    const std::string unknown = "The token is signed with an unknown key.";
    const auto with_id = [](const std::string& id) {
        return token_of(R"({"alg":"HS256","kid":)" + id + "}", "{}");
    };
    CHECK(error_of(with_id("\"b\""), two).empty());
    CHECK(verify_jws(with_id("\"b\""), two).value().key_id == "b");
    CHECK(error_of(with_id("\"c\""), two) == unknown);
    CHECK(error_of(with_id("\"\""), two) == unknown);
    CHECK(error_of(with_id("1"), two) == unknown);
    CHECK(error_of(token_of(hs256_header, "{}"), two) == unknown);
    CHECK(error_of(token_of(hs256_header, "{}"), {named("a")}).empty());
    CHECK(error_of(with_id("\"c\""), {named("a")}) == unknown);
    CHECK(error_of(with_id("\"c\""), secret_key()).empty());
}

TEST_CASE("keys that are weak, of another kind, or on no curve are unusable") {
    const auto error = [](JwtKey key) {
        const auto made = JwtVerifier::make(key);
        return made ? "" : made.error().detail();
    };
    const std::string no_secret =
        "HS256 needs a secret of at least 32 bytes, which is not a PEM file";
    CHECK(error(hs256_key()).empty());
    CHECK(error({.secret = Secret(std::string(31, 'x'))}) == no_secret);
    CHECK(error({.secret = Secret(rsa_pem)}) == no_secret);
    CHECK(error({.public_key = rsa_pem, .secret = Secret(jwt_secret)}) == no_secret);
    CHECK(error({.algorithm = JwtAlgorithm::rs256, .public_key = rsa_pem}).empty());
    CHECK(error({.algorithm = JwtAlgorithm::rs256, .public_key = "x"}) ==
          "RS256 needs an RSA public key of 2048 to 16384 bits, in PEM");
    CHECK(error({.algorithm = JwtAlgorithm::es256, .public_key = rsa_pem}) ==
          "ES256 needs a public key of the curve P-256, in PEM");
    CHECK(error({.algorithm = JwtAlgorithm::eddsa, .public_key = rsa_pem}) ==
          "EdDSA needs an Ed25519 public key, in PEM");
    for (const char* jwk :
         {R"({"kty":"oct","k":"c2hvcnQ"})", R"({"kty":"oct"})", R"({"kty":"RSA","n":"AQAB"})",
          R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAk","e":"AQAB"})",
          R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
          R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1"})",
          R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS"})",
          R"({"kty":"oct","kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"})"}) {
        INFO(jwk);
        CHECK_FALSE(error_of_set(jwk).empty());
    }
}

TEST_CASE("a key set has keys for other things, which are ignored") {
    const std::string mine = hs256_example().jwk;
    for (const char* other :
         {R"({"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"})",
          R"({"kty":"RSA","alg":"RS512","n":"AQAB","e":"AQAB"})",
          R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"})", R"({"kty":"OKP","crv":"X25519"})",
          R"({"kty":"oct","key_ops":["encrypt"],"k":"AA"})", R"({"kty":"new"})", R"({})"}) {
        INFO(other);
        CHECK(keys_of(mine + "," + other).size() == 1);
        CHECK(error_of_set(other) == "it has no key for HS256, RS256, ES256 or EdDSA");
    }
    CHECK_FALSE(read_jwks("x", KeySetOrigin::file));
    CHECK_FALSE(read_jwks("{}", KeySetOrigin::file));
    CHECK_FALSE(read_jwks(R"({"keys":{}})", KeySetOrigin::file));
    CHECK_FALSE(read_jwks(R"({"keys":[1]})", KeySetOrigin::file));
    CHECK_FALSE(check_names({secret_key().front(), secret_key().front()}));
    const auto twice = JwtVerifier::make(hs256_key("a")).value();
    CHECK_FALSE(check_names({twice, twice}));
    CHECK(check_names(secret_key()));
}
