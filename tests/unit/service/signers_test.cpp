#include <service/signers.hpp>
#include <support/catch.hpp>
#include <webhooks/signature.hpp>

namespace webhooks::service {
namespace {

using namespace std::chrono_literals;

const Time noon = Time() + 100h;

std::shared_ptr<delivery::Endpoint> endpoint_with(const Secret& secret) {
    auto endpoint = std::make_shared<delivery::Endpoint>();
    endpoint->id = SubscriptionId{7};
    endpoint->secret = secret;
    return endpoint;
}

std::string signature_by(RequestSigner& signer) {
    OutgoingRequest request;
    request.webhook_id = "msg_1";
    request.webhook_timestamp = "1700000000";
    request.body = std::make_shared<const std::string>("{}");
    return signer.sign(request).value();
}

std::string signature_by(const Secret& secret) {
    return Signer::create(secret).value().sign("msg_1", "1700000000", "{}").value();
}

}  // namespace

TEST_CASE("the keys of a subscription are prepared once for each of its versions") {
    Signers signers;
    const Secret secret = make_secret().value();
    const auto endpoint = endpoint_with(secret);
    const auto first = signers.find(endpoint, noon).value();
    CHECK(signature_by(*first) == signature_by(secret));
    CHECK(signers.find(endpoint, noon + 1h).value() == first);

    const Secret other = make_secret().value();
    const auto changed = endpoint_with(other);
    const auto second = signers.find(changed, noon).value();
    CHECK(signature_by(*second) == signature_by(other));
    // Requests that still have it are signed with the earlier version's key.
    CHECK(signature_by(*first) == signature_by(secret));
}

TEST_CASE("a retired secret signs until it expires") {
    Signers signers;
    const Secret secret = make_secret().value();
    const Secret retired = make_secret().value();
    const auto endpoint = endpoint_with(secret);
    endpoint->set_extras({.retired_secrets = {{.secret = retired, .expires_at = noon + 1h}}});
    const auto both = signers.find(endpoint, noon).value();
    CHECK(signature_by(*both) == signature_by(secret) + " " + signature_by(retired));
    CHECK(signers.find(endpoint, noon + 59min).value() == both);
    CHECK(signature_by(*signers.find(endpoint, noon + 1h).value()) == signature_by(secret));
}

TEST_CASE("a secret that cannot sign gives no signer") {
    CHECK_FALSE(Signers().find(endpoint_with(Secret("whpk_x")), noon));
}

}  // namespace webhooks::service
