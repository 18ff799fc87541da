// What cannot be decrypted keeps nothing else from going on, on each SQL storage.

#include <contract/payload_fixture.hpp>

namespace webhooks::testing {
namespace {

template <class Place>
void check_rewrapping_around_a_lost_key() {
    PayloadFixture<Place> test;
    test.subscribe(bob);
    test.publish("for alice");
    const EventId of_bob = test.publish("for bob", bob);
    test.keys->add("k2");
    // That of secrets and that of alice, which come before that of bob.
    test.change("UPDATE webhooks_data_key SET kek_id = 'lost' WHERE user_id IS NULL");
    test.change("UPDATE webhooks_data_key SET wrapped = 'changed' WHERE user_id = 'alice'");
    const Error error = test.running->rewrap_data_keys(admin).error();
    CHECK_THAT(error.detail(),
               Catch::Matchers::StartsWith("data keys encrypted again: 1, not: 2: "));
    CHECK(test.text("SELECT kek_id FROM webhooks_data_key WHERE user_id = 'bob'") == "k2");
    CHECK(test.text("SELECT count(*) FROM webhooks_audit WHERE action = 'keys.rewrapped'") == "1");
    CHECK(test.event(of_bob).payload == "for bob");
}

/// A reader of the feed gets what comes before a payload whose key is missing.
template <class Place>
void check_feed_before_a_missing_key() {
    PayloadFixture<Place> test;
    const EventId first = test.publish("first");
    const EventId second = test.publish("second", admin);
    const auto read = [&](const std::string& cursor) {
        return test.running->read_feed(alice, test.subscription, {.cursor = cursor});
    };
    test.start();
    // The key of messages to all is the operator's.
    test.change("UPDATE webhooks_data_key SET kek_id = 'lost' WHERE user_id = ''");
    const FeedPage page = read("").value();
    REQUIRE(page.events.size() == 1);
    CHECK(page.events[0].id == first);
    CHECK(page.events[0].payload == "first");
    CHECK(page.has_more);
    CHECK(read(page.cursor).error() == Errc::unavailable);
    test.change("UPDATE webhooks_data_key SET kek_id = 'k1' WHERE user_id = ''");
    const FeedPage rest = read(page.cursor).value();
    REQUIRE(rest.events.size() == 1);
    CHECK(rest.events[0].id == second);
    CHECK_FALSE(rest.has_more);
}

}  // namespace

#ifdef WEBHOOKS_TEST_SQLITE
TEST_CASE("a data key that cannot be decrypted keeps no other under the old encryption key") {
    check_rewrapping_around_a_lost_key<SqlitePlace>();
}
TEST_CASE("a feed ends before a payload whose key is missing, and goes on once it is there") {
    check_feed_before_a_missing_key<SqlitePlace>();
}
#endif

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
TEST_CASE("on PostgreSQL a data key that cannot be decrypted keeps no other under the old one",
          "[postgresql]") {
    check_rewrapping_around_a_lost_key<PostgresqlPlace>();
}
TEST_CASE("on PostgreSQL a feed ends before a payload whose key is missing", "[postgresql]") {
    check_feed_before_a_missing_key<PostgresqlPlace>();
}
#endif

}  // namespace webhooks::testing
