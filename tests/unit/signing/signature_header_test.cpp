#include <signing/signature_header.hpp>
#include <string>
#include <support/catch.hpp>
#include <vector>

using namespace webhooks;
using namespace std::chrono_literals;

TEST_CASE("each of several signers signs, in their order, and each signature verifies") {
    const std::vector<Secret> secrets = {make_signing_key().value(), make_secret().value(),
                                         make_signing_key().value(), Secret("plain")};
    std::vector<Signer> signers;
    std::string expected;
    for (const Secret& secret : secrets) {
        auto signer = Signer::create(secret);
        REQUIRE(signer);
        expected += (expected.empty() ? "" : " ") + signer->sign("id", "1700000000", "{}").value();
        signers.push_back(std::move(*signer));
    }
    const auto all = signing::signature_header(signers, "id", "1700000000", "{}");
    REQUIRE(all);
    CHECK(*all == expected);
    const SignedMessage message{
        .id = "id", .timestamp = "1700000000", .signature = *all, .body = "{}"};
    for (const Secret& secret : secrets) {
        CHECK(verify(secret, message, Time(1700000000s)));
    }
    CHECK_FALSE(verify(make_signing_key().value(), message, Time(1700000000s)));
    CHECK_FALSE(verify(make_secret().value(), message, Time(1700000000s)));
}

TEST_CASE("a single signer signs as on its own") {
    std::vector<Signer> signers;
    signers.push_back(Signer::create(Secret("plain")).value());
    CHECK(signing::signature_header(signers, "id", "1", "{}").value() ==
          signers[0].sign("id", "1", "{}").value());
}
