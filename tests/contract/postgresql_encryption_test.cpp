#include <contract/encryption_fixture.hpp>
#include <contract/postgresql_fixture.hpp>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

namespace webhooks::testing {

TEST_CASE_METHOD(PostgresqlFixture, "services that turn encryption on together agree on a data key",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    PostgresqlOptions options = place.options(clock);
    const auto keys = std::make_shared<KeysOfTest>("k1");
    at_once(4, [&](int) {
        PostgresqlOptions own = options;
        own.encryption.keys = std::make_shared<KeysOfTest>("k1");
        make_postgresql_storage(own).value();
    });
    soci::session sql;
    open(sql);
    int count = 0;
    sql << "SELECT count(*) FROM webhooks_data_key", soci::into(count);
    CHECK(count == 1);
    sql << "SELECT count(*) FROM webhooks_subscription s WHERE key_id = 1 "
           "AND position('s3cret' IN s::text) = 0",
        soci::into(count);
    CHECK(count == 1);

    // The storage that was opened without keys, and still runs.
    CHECK(storage->find_subscription(alice, id).value().is_unreadable);
    CHECK(make_postgresql_storage(options).error() == Errc::invalid_argument);

    options.encryption.keys = keys;
    const std::shared_ptr<Storage> running = make_postgresql_storage(options).value();
    keys->add("k2");
    CHECK(running->rewrap_data_keys(Principal::administrator("root")).value() == 1);
    keys->remove("k1");
    CHECK(running->find_subscription(alice, id).value().secret.reveal() == "s3cret");
    const std::shared_ptr<Storage> next = make_postgresql_storage(options).value();
    CHECK(next->find_subscription(alice, id).value().secret.reveal() == "s3cret");
}

}  // namespace webhooks::testing

#endif
