#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <contract/encryption_fixture.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace webhooks::testing {
namespace {

/// Occurs in everything that must be encrypted.
const std::string canary = "canary-8d1f";

/// A database file whose secrets are encrypted, unless a test changes the options.
struct EncryptedFile {
    std::shared_ptr<Storage> open() const {
        return make_sqlite_storage({.path = path, .encryption = encryption}).value();
    }
    Error error() const {
        return make_sqlite_storage({.path = path, .encryption = encryption}).error();
    }

    /// A subscription with a secret, a retired one and header values.
    static SubscriptionId subscribe(Storage& storage, const std::string& name) {
        const SubscriptionId id =
            storage
                .insert_subscription(alice, {.name = name,
                                             .event_type = "*",
                                             .url = "https://hooks.example.com/",
                                             .secret = Secret(canary + "-old"),
                                             .headers = {{"X-One", canary + "-1"}, {"x-two", ""}},
                                             .user_id = "alice"})
                .value()
                .id;
        storage.rotate_secret(alice, id, Secret(canary + "-new"), std::chrono::hours(1)).value();
        return id;
    }

    static void check_secrets(const Subscription& subscription) {
        CHECK_FALSE(subscription.is_unreadable);
        CHECK(subscription.secret.reveal() == canary + "-new");
        REQUIRE(subscription.retired_secrets.size() == 1);
        CHECK(subscription.retired_secrets[0].secret.reveal() == canary + "-old");
        CHECK(subscription.headers == Headers{{"X-One", canary + "-1"}, {"x-two", ""}});
    }

    static void check_secrets(Storage& storage, SubscriptionId id) {
        check_secrets(storage.find_subscription(alice, id).value());
        check_secrets(storage.list_subscriptions(alice, {}).value().items.at(0));
        check_secrets(storage.configuration(0).value().subscriptions.at(0));
    }

    /// Whether any file of the database contains it.
    bool contains(const std::string& text) const {
        for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
            std::ifstream file(entry.path(), std::ios::binary);
            const std::string content{std::istreambuf_iterator<char>(file), {}};
            if (content.find(text) != std::string::npos) return true;
        }
        return false;
    }

    std::string text(const std::string& query) const {
        soci::session sql(soci::sqlite3, path);
        std::string value;
        sql << query, soci::into(value);
        return value;
    }

    void change(const std::string& statement) const {
        soci::session sql(soci::sqlite3, path);
        sql << statement;
    }

    TemporaryFolder folder;
    std::string path = folder.file("test.db");
    std::shared_ptr<KeysOfTest> keys = std::make_shared<KeysOfTest>("k1");
    EncryptionOptions encryption{.keys = keys};
};

}  // namespace

TEST_CASE_METHOD(EncryptedFile, "secrets are nowhere in the files of an encrypted database") {
    std::shared_ptr<Storage> storage = open();
    const SubscriptionId id = subscribe(*storage, "mine");
    storage->update_subscription(alice, id, {.name = "renamed"}).value();
    check_secrets(*storage, id);
    CHECK(contains("renamed"));
    CHECK_FALSE(contains(canary));
    storage.reset();
    CHECK_FALSE(contains(canary));
    CHECK_FALSE(contains(std::string(32, 'a')));
    check_secrets(*open(), id);
    CHECK(text("SELECT headers FROM webhooks_subscription").starts_with("X-One: "));
}

TEST_CASE_METHOD(EncryptedFile, "opening a database converts its secrets as the options say") {
    const EncryptionOptions encrypted = std::exchange(encryption, {});
    const SubscriptionId id = subscribe(*open(), "mine");
    CHECK(contains(canary));

    encryption = encrypted;
    check_secrets(*open(), id);
    CHECK_FALSE(contains(canary));
    const std::string once = text("SELECT secret FROM webhooks_subscription");
    check_secrets(*open(), id);
    CHECK(text("SELECT secret FROM webhooks_subscription") == once);

    encryption = {};
    CHECK(error() == Errc::invalid_argument);
    CHECK(error().detail().find("EncryptionOptions::keys") != std::string::npos);

    encryption = {.keys = keys, .secrets = false};
    check_secrets(*open(), id);
    encryption = {};
    check_secrets(*open(), id);
}

TEST_CASE_METHOD(EncryptedFile, "an unreadable subscription is repaired by replacing its secrets") {
    std::shared_ptr<Storage> storage = open();
    const SubscriptionId id = subscribe(*storage, "mine");
    const SubscriptionId other = subscribe(*storage, "other");
    change(
        "UPDATE webhooks_subscription SET secret = (SELECT secret FROM webhooks_subscription "
        "WHERE id = 2), user_id = 'bob' WHERE id = 1");
    storage = open();
    const Configuration all = storage->configuration(0).value();
    CHECK(all.subscriptions.at(0).is_unreadable);
    check_secrets(all.subscriptions.at(1));
    CHECK(storage->list_subscriptions(bob, {}).value().items.at(0).is_unreadable);

    CHECK(storage->update_subscription(bob, id, {.name = "a"}).error() == Errc::corrupt);
    CHECK(storage->update_subscription(bob, id, {.secret = Secret("b")}).error() == Errc::corrupt);
    CHECK(storage->rotate_secret(bob, id, Secret("b"), {}).error() == Errc::corrupt);
    storage->update_subscription(bob, id, {.secret = Secret("new"), .headers = Headers()}).value();
    const Subscription repaired = storage->find_subscription(bob, id).value();
    CHECK_FALSE(repaired.is_unreadable);
    CHECK(repaired.secret.reveal() == "new");
    check_secrets(storage->find_subscription(alice, other).value());
    storage->delete_subscription(bob, id).value();
}

TEST_CASE_METHOD(EncryptedFile,
                 "a storage whose key provider fails does not open, and opens later") {
    const EncryptionOptions encrypted = std::exchange(encryption, {});
    const SubscriptionId id = subscribe(*open(), "mine");
    encryption = encrypted;
    // The first open asks for the current key, and then for the same one by its id; later ones do
    // the latter.
    for (const int call : {1, 2, 1}) {
        keys->failing_call = call;
        keys->calls = 0;
        const Error failure = error();
        CHECK(failure == Errc::unavailable);
        CHECK(failure.detail().find("the key service is down") != std::string::npos);
        CHECK(contains(canary));
    }
    keys->failing_call = 0;
    check_secrets(*open(), id);

    keys->remove("k1");
    CHECK(error() == Errc::not_found);
    CHECK(error().detail().find("'k1'") != std::string::npos);
    keys->add("other");
    keys->add("k1");  // With other bytes.
    CHECK(error() == Errc::corrupt);
}

TEST_CASE_METHOD(EncryptedFile, "after rewrapping data keys the old encryption key can go") {
    const std::shared_ptr<Storage> running = open();
    const SubscriptionId id = subscribe(*running, "mine");
    const std::string stored = text("SELECT secret FROM webhooks_subscription");
    keys->add("k2");
    for (keys->failing_call = 1, keys->calls = 0; keys->failing_call <= 2; ++keys->failing_call) {
        CHECK(running->rewrap_data_keys(Principal::administrator("root")).error() ==
              Errc::unavailable);
        keys->calls = 0;
    }
    keys->failing_call = 0;
    CHECK(running->rewrap_data_keys(Principal::administrator("root")).value() == 1);
    CHECK(open()->rewrap_data_keys(Principal::administrator("root")).value() == 0);
    keys->remove("k1");
    check_secrets(*running, id);
    check_secrets(*open(), id);
    CHECK(text("SELECT secret FROM webhooks_subscription") == stored);
    CHECK(text("SELECT kek_id FROM webhooks_data_key") == "k2");

    EncryptedFile plain;
    plain.encryption = {};
    CHECK(plain.open()->rewrap_data_keys(Principal::administrator("root")).error() ==
          Errc::invalid_argument);
}

}  // namespace webhooks::testing
