#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

STORAGE_TEST("a replaced secret keeps signing for the overlap") {
    const Subscription before = this->subscribe();
    const Revision revision = this->revision();
    this->clock->advance(3s);
    const Time now = this->clock->now();
    const Subscription after =
        this->storage->rotate_secret(alice, before.id, Secret("second"), 1h).value();
    CHECK(after.secret == Secret("second"));
    REQUIRE(after.retired_secrets.size() == 1);
    CHECK(after.retired_secrets[0].secret == before.secret);
    CHECK(after.retired_secrets[0].expires_at == now + 1h);
    CHECK(after.updated_at == now);
    CHECK(after.url == before.url);
    CHECK(this->revision() > revision);

    const Subscription read = this->storage->find_subscription(alice, before.id).value();
    CHECK(read.secret == Secret("second"));
    REQUIRE(read.retired_secrets.size() == 1);
    CHECK(read.retired_secrets[0].secret == before.secret);
    CHECK(read.retired_secrets[0].expires_at == now + 1h);
    const Configuration changes = this->storage->configuration(revision).value();
    REQUIRE(changes.subscriptions.size() == 1);
    CHECK(changes.subscriptions[0].retired_secrets.size() == 1);
}

STORAGE_TEST("retired secrets keep their own expiry, newest first, and the oldest is dropped") {
    const SubscriptionId id = this->subscribe().id;
    const Time now = this->clock->now();
    for (std::size_t i = 0; i <= max_retired_secrets; ++i) {
        this->storage
            ->rotate_secret(alice, id, Secret("s" + std::to_string(i)),
                            10h - 1h * static_cast<int>(i))
            .value();
    }
    const auto retired = this->storage->find_subscription(alice, id).value().retired_secrets;
    REQUIRE(retired.size() == max_retired_secrets);
    for (std::size_t i = 0; i < retired.size(); ++i) {
        const std::size_t rotation = max_retired_secrets - i;
        CHECK(retired[i].secret == Secret("s" + std::to_string(rotation - 1)));
        CHECK(retired[i].expires_at == now + 10h - 1h * static_cast<int>(rotation));
    }
}

STORAGE_TEST("without an overlap only the new secret signs") {
    const SubscriptionId id = this->subscribe().id;
    this->storage->rotate_secret(alice, id, Secret("second"), 1h).value();
    const Subscription after = this->storage->rotate_secret(alice, id, Secret("third"), 0s).value();
    CHECK(after.secret == Secret("third"));
    CHECK(after.retired_secrets.empty());
    CHECK(this->storage->find_subscription(alice, id).value().retired_secrets.empty());
}

STORAGE_TEST("a rotation drops expired secrets") {
    const SubscriptionId id = this->subscribe().id;
    this->storage->rotate_secret(alice, id, Secret("second"), 1h).value();
    this->storage->rotate_secret(alice, id, Secret("third"), 3h).value();
    this->clock->advance(1h);
    const auto retired =
        this->storage->rotate_secret(alice, id, Secret("fourth"), 1h).value().retired_secrets;
    REQUIRE(retired.size() == 2);
    CHECK(retired[0].secret == Secret("third"));
    CHECK(retired[1].secret == Secret("second"));
}

STORAGE_TEST("a change that sets a secret removes retired ones, any other keeps them") {
    const SubscriptionId id = this->subscribe().id;
    this->storage->rotate_secret(alice, id, Secret("second"), 1h).value();
    CHECK(this->storage->update_subscription(alice, id, {.name = "new"})
              .value()
              .retired_secrets.size() == 1);
    this->storage->update_subscription(alice, id, {.secret = Secret("mine")}).value();
    const Subscription read = this->storage->find_subscription(alice, id).value();
    CHECK(read.secret == Secret("mine"));
    CHECK(read.retired_secrets.empty());
}

STORAGE_TEST("another user's secret is not replaced") {
    const SubscriptionId id = this->subscribe("alice").id;
    CHECK(this->storage->rotate_secret(bob, id, Secret("his"), 1h).error() == Errc::not_found);
    CHECK(this->storage->rotate_secret(alice, {999}, Secret("his"), 1h).error() == Errc::not_found);
    CHECK(this->storage->find_subscription(alice, id).value().secret == Secret("s3cret"));
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
