#include <unit/service/resend_fixture.hpp>

namespace webhooks::testing {

TEST_CASE_METHOD(ResendFixture,
                 "a rotation generates a secret or takes one, and the old one retires") {
    const Secret first = subscription.secret;
    const Subscription made = service().rotate_secret(alice, subscription.id).value();
    CHECK(made.secret.reveal().starts_with("whsec_"));
    CHECK_FALSE(made.secret == first);
    REQUIRE(made.retired_secrets.size() == 1);
    CHECK(made.retired_secrets[0].secret == first);
    CHECK(made.retired_secrets[0].expires_at == clock->now() + 24h);

    const Subscription taken =
        service().rotate_secret(alice, subscription.id, Secret("chosen"), 1h).value();
    CHECK(taken.secret.reveal() == "chosen");
    REQUIRE(taken.retired_secrets.size() == 2);
    CHECK(taken.retired_secrets[0].expires_at == clock->now() + 1h);

    CHECK(service()
              .rotate_secret(alice, subscription.id, Secret("alone"), 0s)
              .value()
              .retired_secrets.empty());
}

TEST_CASE_METHOD(ResendFixture, "the next delivery is signed with the new secret") {
    const Subscription rotated =
        service().rotate_secret(alice, subscription.id, Secret("new"), 0s).value();
    publish();
    settle();
    const OutgoingRequest request = transport->requests().front();
    CHECK(verify(rotated.secret,
                 {.id = request.webhook_id,
                  .timestamp = request.webhook_timestamp,
                  .signature = request.webhook_signature,
                  .body = *request.body},
                 clock->now()));
}

TEST_CASE_METHOD(ResendFixture, "a wrong rotation is rejected, and changes nothing") {
    const auto faults = [&](std::optional<Secret> secret, std::chrono::seconds overlap) {
        std::string names;
        const Error error =
            service().rotate_secret(alice, subscription.id, std::move(secret), overlap).error();
        for (const FieldError& field_error : error.fields()) {
            names += field_error.field + ": " + field_error.message + "; ";
        }
        return names;
    };
    CHECK(faults({}, -1s) == "overlapSeconds: must be 0 to 604800; ");
    CHECK(faults({}, max_secret_overlap + 1s) == "overlapSeconds: must be 0 to 604800; ");
    CHECK(faults(subscription.secret, 0s) == "secret: must not be the current one; ");
    CHECK(service().rotate_secret(alice, subscription.id, subscription.secret).error() ==
          Errc::conflict);
    CHECK(service().rotate_secret(alice, subscription.id, subscription.secret, -1s).error() ==
          Errc::invalid_argument);
    CHECK(faults(subscription.secret, -1s) ==
          "secret: must not be the current one; overlapSeconds: must be 0 to 604800; ");
    const std::string both = faults(Secret("whsec_x"), -1s);
    CHECK(both.starts_with("secret: "));
    CHECK(both.ends_with("overlapSeconds: must be 0 to 604800; "));
    CHECK(service().subscription(alice, subscription.id).value().secret == subscription.secret);
    CHECK(service().rotate_secret(alice, subscription.id, {}, max_secret_overlap));
}

TEST_CASE_METHOD(ResendFixture, "a rotation generates a secret of the kind that it replaces") {
    CHECK(service()
              .rotate_secret(alice, subscription.id)
              .value()
              .secret.reveal()
              .starts_with("whsec_"));
    change({.secret = make_signing_key().value()});
    CHECK(service()
              .rotate_secret(alice, subscription.id)
              .value()
              .secret.reveal()
              .starts_with("whsk_"));
}

}  // namespace webhooks::testing
