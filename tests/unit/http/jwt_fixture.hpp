#pragma once

#include <access/jwt_token.hpp>
#include <signing/digest.hpp>
#include <signing/hmac.hpp>
#include <string>
#include <support/catch.hpp>
#include <webhooks/http/jwt.hpp>
#include <webhooks/testing/manual_clock.hpp>

namespace webhooks::http {

inline const std::string jwt_secret = "a secret of more than 32 bytes: 0123456789";

inline std::string encoded(std::string_view text) {
    return signing::base64url_encode(text);
}

/// A token that is signed by HMAC, whatever its header says.
inline std::string token_of(const std::string& header, const std::string& claims,
                            const std::string& secret = jwt_secret) {
    const std::string text = encoded(header) + "." + encoded(claims);
    return text + "." + encoded(signing::HmacSha256::create(secret)->compute({text}).value());
}

inline const std::string hs256_header = R"({"alg":"HS256","typ":"JWT"})";

inline JwtKey hs256_key(const std::string& id = "") {
    return {.algorithm = JwtAlgorithm::hs256, .id = id, .secret = Secret(jwt_secret)};
}

/// The start of a test's clock, in seconds: 2026-01-01.
inline constexpr std::int64_t start = 1'767'225'600;

/// Claims of alice's token that expires in an hour, and more.
inline std::string claims(const std::string& more = "") {
    return R"({"sub":"alice","exp":)" + std::to_string(start + 3600) + more + "}";
}

}  // namespace webhooks::http
