#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

// Appends that are joined: all of them are written, or none.

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

IdempotencyKey key_of(const std::string& key, char content) {
    return {.scope = "alice", .key = key, .digest = std::string(32, content)};
}

struct AppendFixture : Fixture {
    using Fixture::Fixture;

    SubscriptionId subscription = this->subscribe().id;

    Append one(std::optional<IdempotencyKey> key = {}) {
        return {.message = this->message("{}"),
                .subscriptions = {subscription},
                .idempotency = std::move(key)};
    }

    Append joined(std::optional<IdempotencyKey> key = {}) {
        Append append = one(std::move(key));
        append.joins_previous = true;
        return append;
    }

    std::vector<Result<Appended>> write_appends(std::vector<Append> appends) {
        const BatchReceipt receipt =
            this->write({.revision = this->revision(), .appends = appends});
        REQUIRE(receipt.appends.size() == appends.size());
        return receipt.appends;
    }

    std::int64_t events() {
        return this->storage->list_events(alice, subscription, {.take = 0}).value().total.value();
    }

    /// Whether a publication with this key is the first.
    bool is_free(const std::string& key) {
        return !write_appends({one(key_of(key, 'a'))}).front().value().is_replay;
    }
};

#define APPEND_TEST(name) WEBHOOKS_CONTRACT_TEST(StorageUnderTest, AppendFixture, name)

APPEND_TEST("joined appends are written together, in order") {
    const auto appended = this->write_appends({this->one(), this->joined(), this->joined()});
    CHECK(this->events() == 3);
    CHECK(appended[0]->first_event < appended[1]->first_event);
    CHECK(appended[1]->first_event < appended[2]->first_event);
    CHECK(this->appended_after({}).size() == 3);
}

APPEND_TEST("a conflict fails the appends joined with it, and no others") {
    this->write_appends({this->one(key_of("used", 'a'))});
    const auto appended =
        this->write_appends({this->one(key_of("before", 'a')), this->one(key_of("first", 'a')),
                             this->joined(key_of("used", 'b')), this->joined(key_of("last", 'a')),
                             this->one(key_of("after", 'a'))});
    CHECK_FALSE(appended[0].value().is_replay);
    CHECK(appended[1].error() == Errc::aborted);
    CHECK(appended[2].error() == Errc::conflict);
    CHECK(appended[3].error() == Errc::aborted);
    CHECK_FALSE(appended[4].value().is_replay);
    CHECK(this->events() == 3);
    CHECK(this->appended_after({}).size() == 3);
    CHECK(this->is_free("first"));
    CHECK(this->is_free("last"));
    CHECK_FALSE(this->is_free("before"));
    CHECK_FALSE(this->is_free("after"));
    CHECK(this->write_appends({this->one(key_of("used", 'a'))}).front().value().is_replay);
}

APPEND_TEST("an expired key is unused again after a rejection") {
    this->write_appends({this->one(key_of("old", 'a'))});
    this->clock->advance(24h);
    this->write_appends({this->one(key_of("used", 'a'))});
    this->write_appends({this->one(key_of("old", 'a')), this->joined(key_of("used", 'b'))});
    CHECK(this->events() == 2);
    CHECK(this->is_free("old"));
}

APPEND_TEST("the same key and content twice among joined appends is a replay of the first") {
    const auto appended =
        this->write_appends({this->one(key_of("k", 'a')), this->joined(key_of("k", 'a'))});
    CHECK_FALSE(appended[0].value().is_replay);
    CHECK(appended[1].value().is_replay);
    CHECK(appended[1]->first_event == appended[0]->first_event);
    CHECK(this->events() == 1);
}

APPEND_TEST("the same key with other content among joined appends rejects them all") {
    const auto appended = this->write_appends(
        {this->one(key_of("k", 'a')), this->joined(key_of("k", 'b')), this->joined()});
    CHECK(appended[0].error() == Errc::aborted);
    CHECK(appended[1].error() == Errc::conflict);
    CHECK(appended[2].error() == Errc::aborted);
    CHECK(this->events() == 0);
    CHECK(this->is_free("k"));
}

APPEND_TEST("joined appends that are repeated as a whole return the first receipts") {
    const std::vector<Append> appends = {this->one(key_of("1", 'a')),
                                         this->joined(key_of("2", 'a'))};
    const auto first = this->write_appends(appends);
    const auto again = this->write_appends(appends);
    for (std::size_t i = 0; i < appends.size(); ++i) {
        CHECK(again[i].value().is_replay);
        CHECK(again[i]->first_event == first[i]->first_event);
    }
    CHECK(this->events() == 2);
}

APPEND_TEST("replays among joined appends leave the others to be written") {
    const auto first = this->write_appends({this->one(key_of("1", 'a'))});
    const auto second =
        this->write_appends({this->one(key_of("1", 'a')), this->joined(key_of("2", 'a'))});
    CHECK(second[0].value().is_replay);
    CHECK(second[0]->first_event == first[0]->first_event);
    CHECK_FALSE(second[1].value().is_replay);
    CHECK(this->events() == 2);
}

APPEND_TEST("appends that are only repeated return the first receipts, or are not written") {
    const auto first = this->write_appends({this->one(key_of("1", 'a')), this->one()});
    const auto only_repeated = [](Append append) {
        append.subscriptions.clear();
        append.is_only_repeated = true;
        return append;
    };
    const Append one = only_repeated(this->one(key_of("1", 'a')));
    const Append two = only_repeated(this->joined(key_of("2", 'a')));
    const Append two_alone = only_repeated(this->one(key_of("2", 'a')));
    const Append unknown = only_repeated(this->one());
    const Append other = only_repeated(this->one(key_of("1", 'b')));
    const auto appended = this->write_appends(
        {one, one, two, this->one(key_of("2", 'a')), two_alone, unknown, other});
    CHECK(appended[0].value().is_replay);
    CHECK(appended[0]->first_event == first[0]->first_event);
    CHECK(appended[0]->count == 1);
    CHECK(appended[1].error() == Errc::aborted);
    CHECK(appended[2].error() == Errc::aborted);
    CHECK_FALSE(appended[3].value().is_replay);
    CHECK(appended[4].value().is_replay);
    CHECK(appended[4]->first_event == appended[3]->first_event);
    CHECK(appended[5].error() == Errc::aborted);
    CHECK(appended[6].error() == Errc::conflict);
    CHECK(this->events() == 3);
    CHECK(this->write_appends({only_repeated(this->one(key_of("3", 'a')))})[0].error() ==
          Errc::aborted);
    CHECK(this->is_free("3"));
}

APPEND_TEST("a key of rejected appends is available to the next one in the same batch") {
    this->write_appends({this->one(key_of("used", 'a'))});
    const auto appended =
        this->write_appends({this->one(key_of("k", 'b')), this->joined(key_of("used", 'b')),
                             this->one(key_of("k", 'a')), this->one(key_of("k", 'a'))});
    CHECK(appended[0].error() == Errc::aborted);
    CHECK_FALSE(appended[2].value().is_replay);
    CHECK(appended[3].value().is_replay);
    CHECK(appended[3]->first_event == appended[2]->first_event);
    CHECK(this->events() == 2);
    const auto again = this->write_appends({this->one(key_of("k", 'a'))});
    CHECK(again[0].value().is_replay);
    CHECK(again[0]->first_event == appended[2]->first_event);
}

APPEND_TEST("results in a batch are written whatever happens to its appends") {
    const EventId event = this->write_appends({this->one(key_of("k", 'a'))})[0]->first_event;
    Batch batch{.revision = this->revision(),
                .appends = {this->one(), this->joined(key_of("k", 'b'))}};
    batch.attempts.push_back({.event = event,
                              .subscription = this->subscription,
                              .attempt = {.number = 1, .outcome = Outcome::delivered}});
    CHECK(this->write(batch).appends[1].error() == Errc::conflict);
    CHECK(this->event(this->subscription, event).is_success);
    CHECK(this->events() == 1);
}

#undef APPEND_TEST

}  // namespace
}  // namespace webhooks::testing::storage_contract
