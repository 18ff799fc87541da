#include <service/masks.hpp>

#include "fixture.hpp"

using namespace webhooks;
using webhooks::testing::ServiceFixture;

namespace {

Principal alice_with(Permissions permissions) {
    return Principal::user("alice", permissions);
}

}  // namespace

TEST_CASE("a set of permissions has the names of the REST API") {
    for (const Permission permission : all_permissions) {
        CHECK(permission_by_name(name_of(permission)) == permission);
    }
    CHECK_FALSE(permission_by_name("events:*"));
    CHECK(to_string(Permissions::viewer()) == "subscriptions:read, events:read, feed:read");
    CHECK(to_string(Permissions::user()) ==
          "subscriptions:read, subscriptions:write, secrets:read, events:read, events:send, "
          "events:publish, feed:read");
    CHECK(to_string(Permissions::administrator()) == "administrator");
    CHECK(to_string(Permissions()).empty());
}

TEST_CASE("an administrator has every permission") {
    for (const Permission permission : all_permissions) {
        CHECK(Principal::administrator("a").may(permission));
        CHECK(Principal::user("a").may(permission) == (permission != Permission::administrator));
    }
    CHECK(Principal::user("a", Permission::administrator) == Principal::administrator("a"));
    CHECK((Permissions::administrator() & Permissions::user()) == Permissions::user());
}

TEST_CASE("a principal that is limited to one subscription is no administrator") {
    const Principal narrowed = Principal::administrator("alice").narrowed_to({3});
    CHECK_FALSE(narrowed.is_administrator());
    CHECK(narrowed.may_see("alice", {3}));
    CHECK_FALSE(narrowed.may_see("alice", {4}));
    CHECK_FALSE(narrowed.may_see("bob", {3}));
}

TEST_CASE_METHOD(ServiceFixture,
                 "a publication without the permission is forbidden in every form") {
    const Principal viewer = alice_with(Permissions::viewer());
    const Publication publication{.event_type = "order.created", .payload = "{}"};
    const Principal narrowed = testing::alice.narrowed_to(subscribe().id);
    for (const Principal& caller : {viewer, narrowed}) {
        CHECK(service().publish(caller, publication).error() == Errc::forbidden);
        CHECK(service().publish_batch(caller, {publication}).error() == Errc::forbidden);
        std::vector<Error> errors;
        service().async_publish(caller, publication,
                                [&](const auto& receipt) { errors.push_back(receipt.error()); });
        service().async_publish_batch(caller, {publication}, [&](const auto& receipts) {
            errors.push_back(receipts.error());
        });
        REQUIRE(errors.size() == 2);
        CHECK(errors[0] == Errc::forbidden);
        CHECK(errors[1] == Errc::forbidden);
    }
}

TEST_CASE_METHOD(ServiceFixture, "events of a list of subscriptions need events:read") {
    subscribe();
    const Principal reader = alice_with(Permission::subscriptions_read);
    CHECK(service().subscriptions(reader, {.include_events = true}).error() == Errc::forbidden);
    CHECK(service().subscriptions(reader).value().total == 1);
}

TEST_CASE_METHOD(ServiceFixture, "no call shows secrets to a principal without secrets:read") {
    const Principal editor =
        alice_with({Permission::subscriptions_read, Permission::subscriptions_write});
    const Subscription made =
        service()
            .create_subscription(editor, {.name = "n",
                                          .event_type = "*",
                                          .url = "https://hooks.example.com/a",
                                          .secret = Secret("0123456789abcdef"),
                                          .headers = {{"X-A", "secret"}}})
            .value();
    const auto is_masked = [](const Subscription& subscription) {
        return subscription.secret.reveal() == "whsec_****cdef" &&
               subscription.headers == Headers{{"X-A", "****"}} &&
               subscription.retired_secrets.empty();
    };
    service().rotate_secret(testing::alice, made.id, Secret("fedcba9876543210")).value();
    service().rotate_secret(testing::alice, made.id, Secret("0123456789abcdef")).value();
    CHECK(is_masked(made));
    CHECK(is_masked(service().subscription(editor, made.id).value()));
    CHECK(is_masked(service().subscriptions(editor).value().items.at(0)));
    CHECK(is_masked(service().update_subscription(editor, made.id, {.name = "m"}).value()));
    CHECK(service().rotate_secret(editor, made.id).error() == Errc::forbidden);
}

TEST_CASE("a short secret shows none of its characters") {
    CHECK(service::mask_of(Secret("s3cret")).reveal() == "whsec_****");
    CHECK(service::mask_of(Secret("0123456789abcde")).reveal() == "whsec_****");
    CHECK(service::mask_of(Secret("whsk_0123456789abcdef")).reveal() == "whsk_****cdef");
}

TEST_CASE_METHOD(ServiceFixture, "a mask keeps only what it stands for") {
    const Subscription made = subscribe();
    const auto update = [&](SubscriptionChange change) {
        return service().update_subscription(testing::alice, made.id, std::move(change));
    };
    const Secret mask = service::mask_of(made.secret);
    CHECK(update({.secret = mask}).value().secret == made.secret);
    CHECK(update({.secret = Secret("whsec_****none")}).error() == Errc::invalid_argument);
    CHECK(update({.headers = Headers{{"X-A", "****"}}}).error() == Errc::invalid_argument);
    update({.headers = Headers{{"X-A", "1"}, {"X-B", "2"}}}).value();
    CHECK(update({.headers = Headers{{"x-b", "****"}}}).value().headers == Headers{{"x-b", "2"}});
    CHECK(service().validate(testing::alice, SubscriptionChange{.secret = mask}));
    CHECK_FALSE(service().validate(
        testing::alice,
        SubscriptionDraft{
            .name = "n", .event_type = "*", .url = "https://hooks.example.com/a", .secret = mask}));
}

TEST_CASE_METHOD(ServiceFixture, "who may not read header values cannot send them elsewhere") {
    const Subscription made = subscribe();
    service()
        .update_subscription(testing::alice, made.id, {.headers = Headers{{"X-Auth", "canary"}}})
        .value();
    const Principal writer = alice_with(Permission::subscriptions_write);
    const auto errors = [&](SubscriptionChange change) {
        std::vector<std::string> fields;
        const auto updated = service().update_subscription(writer, made.id, std::move(change));
        if (updated) return fields;
        CHECK(updated.error() == Errc::invalid_argument);
        for (const FieldError& error : updated.error().fields())
            fields.push_back(error.field);
        return fields;
    };
    using Fields = std::vector<std::string>;
    const std::string elsewhere = "https://other.example.com/a";
    CHECK(errors({.url = elsewhere}) == Fields{"headers"});
    CHECK(errors({.url = "http://hooks.example.com/a"}) == Fields{"headers"});
    CHECK(errors({.url = elsewhere, .headers = Headers{{"x-auth", "****"}}}) ==
          Fields{"headers.x-auth"});
    CHECK(errors({.url = "https://hooks.example.com/b"}).empty());
    CHECK(errors({.url = "https://hooks.example.com/c", .headers = Headers{{"x-auth", "****"}}})
              .empty());
    CHECK(errors({.url = elsewhere, .headers = Headers{{"X-Auth", "mine"}}}).empty());
    CHECK(errors({.url = "https://third.example.com/", .headers = Headers{}}).empty());
    CHECK(service().update_subscription(testing::alice, made.id, {.url = elsewhere}).has_value());
}

TEST_CASE_METHOD(ServiceFixture,
                 "a header that its owner sets meanwhile does not go to another's new URL") {
    /// Runs something between what the service reads and what it writes.
    struct Interrupted final : ForwardingStorage {
        using ForwardingStorage::ForwardingStorage;
        Result<Subscription> update_subscription(const Principal& principal, SubscriptionId id,
                                                 const SubscriptionChange& change) override {
            if (before_update) std::exchange(before_update, {})();
            return ForwardingStorage::update_subscription(principal, id, change);
        }
        std::function<void()> before_update;
    };
    running.reset();
    const auto interrupted = std::make_shared<Interrupted>(storage);
    const std::shared_ptr<Storage> plain = std::exchange(storage, interrupted);
    open();
    const SubscriptionId id = subscribe().id;
    const Principal writer = alice_with(Permission::subscriptions_write);
    interrupted->before_update = [&] {
        plain->update_subscription(testing::alice, id, {.headers = Headers{{"X-Auth", "canary"}}})
            .value();
    };
    const std::string elsewhere = "https://other.example.com/a";
    CHECK(service().update_subscription(writer, id, {.url = elsewhere}).error() ==
          Errc::invalid_argument);
    CHECK(service().subscription(testing::alice, id)->url == "https://hooks.example.com/a");

    // A change that may be made is made to what is there now.
    interrupted->before_update = [&] {
        plain->update_subscription(testing::alice, id, {.max_retry_count = 7}).value();
    };
    CHECK(service().update_subscription(writer, id, {.name = "renamed"})->max_retry_count == 7);
}

TEST_CASE_METHOD(ServiceFixture,
                 "once its subscription is deleted, a limited caller sees no keys") {
    const Subscription made = subscribe();
    service().create_api_key(testing::alice, {.name = "limited", .subscription = made.id}).value();
    const Principal narrowed = testing::alice.narrowed_to(made.id);
    CHECK(service().api_keys(narrowed)->size() == 1);
    service().delete_subscription(testing::alice, made.id).value();
    CHECK(service().api_keys(narrowed)->empty());
}

TEST_CASE_METHOD(ServiceFixture, "a caller for one subscription cannot let it hear of others") {
    const Principal narrowed = testing::alice.narrowed_to(subscribe().id);
    const SubscriptionId id = *narrowed.subscription();
    CHECK(service().update_subscription(narrowed, id, {.event_type = "webhook.*"}).error() ==
          Errc::forbidden);
    CHECK(service().update_subscription(narrowed, id, {.event_type = "*"}).has_value());
}
