#include <algorithm>
#include <support/catch.hpp>
#include <thread>
#include <webhooks/memory_storage.hpp>
#include <webhooks/testing/faulty_storage.hpp>
#include <webhooks/testing/seeded_random.hpp>

namespace webhooks::testing {
namespace {

using Call = FaultyStorage::Call;
using Fault = FaultyStorage::Fault;

struct FaultyFixture {
    std::shared_ptr<Storage> inner = make_memory_storage();
    FaultyStorage storage{inner};

    Result<> upsert(const std::string& name) {
        return storage.upsert_event_type({.name = name, .description = ""});
    }
    /// The event types that have reached the inner storage.
    std::vector<std::string> stored() {
        std::vector<std::string> names;
        for (const EventType& type : inner->configuration(0).value().event_types) {
            names.push_back(type.name);
        }
        return names;
    }
};

}  // namespace

TEST_CASE_METHOD(FaultyFixture, "a faulty storage forwards calls and answers, and counts them") {
    CHECK(storage.calls() == 0);
    CHECK(upsert("a"));
    CHECK(stored() == std::vector<std::string>{"a"});
    CHECK(storage.find_subscription(Principal::user("alice"), {1}).error() == Errc::not_found);
    CHECK(storage.configuration(0).value().event_types.size() == 1);
    CHECK(upsert("b"));
    CHECK(storage.calls() == 4);
    CHECK(storage.calls(Call::upsert_event_type) == 2);
    CHECK(storage.calls(Call::write) == 0);
    CHECK(storage.broken().empty());
}

TEST_CASE_METHOD(FaultyFixture,
                 "the n-th call is rejected and does nothing, those around it work") {
    storage.break_calls({.fault = Fault::rejected, .first = 2});
    CHECK(upsert("a"));
    CHECK(upsert("b").error() == Errc::unavailable);
    CHECK(upsert("c"));
    CHECK(stored() == std::vector<std::string>{"a", "c"});
    CHECK(storage.calls() == 3);
    CHECK(storage.broken() == std::vector{Call::upsert_event_type});
}

TEST_CASE_METHOD(FaultyFixture, "the n-th call does its work, and its answer is lost") {
    storage.break_calls({.fault = Fault::answer_lost, .first = 2});
    CHECK(upsert("a"));
    CHECK(upsert("b").error() == Errc::unavailable);
    CHECK(upsert("c"));
    CHECK(stored() == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE_METHOD(FaultyFixture, "several calls break in a row, or all until it is repaired") {
    SECTION("two") {
        storage.break_calls({.count = 2});
        CHECK_FALSE(upsert("a"));
        CHECK_FALSE(upsert("b"));
    }
    SECTION("all") {
        storage.break_calls({.count = FaultyStorage::indefinitely});
        for (int i = 0; i < 100; ++i) {
            CHECK_FALSE(upsert("a"));
        }
        storage.repair();
    }
    SECTION("none") {
        storage.break_calls({.count = 0});
    }
    CHECK(upsert("c"));
    CHECK(stored() == std::vector<std::string>{"c"});
}

TEST_CASE_METHOD(FaultyFixture, "calls of one kind break, whatever is called between them") {
    storage.break_calls({.first = 2, .only = Call::upsert_event_type});
    CHECK(storage.configuration(0));
    CHECK(upsert("a"));
    CHECK(storage.configuration(0));
    CHECK(storage.configuration(0));
    CHECK_FALSE(upsert("b"));
    CHECK(upsert("c"));
}

TEST_CASE_METHOD(FaultyFixture, "a new selection replaces the previous one, and counts from then") {
    storage.break_calls({.first = 1});
    storage.break_calls({.first = 2});
    CHECK(upsert("a"));
    CHECK_FALSE(upsert("b"));
}

TEST_CASE_METHOD(FaultyFixture, "calls of every kind break by chance, the same ones for a seed") {
    const auto broken_with = [&](std::uint64_t seed) {
        FaultyStorage each(inner);
        each.break_by_chance({.rejected = 0.2, .answer_lost = 0.2},
                             std::make_shared<SeededRandom>(seed));
        for (int i = 0; i < 50; ++i) {
            static_cast<void>(each.upsert_event_type({.name = "a", .description = ""}));
            static_cast<void>(each.configuration(0));
            static_cast<void>(each.heartbeat({1}));
        }
        return each.broken();
    };
    const std::vector<Call> broken = broken_with(1);
    for (const Call call : {Call::upsert_event_type, Call::configuration, Call::heartbeat}) {
        CHECK(std::ranges::count(broken, call) > 0);
        CHECK(std::ranges::count(broken, call) < 50);
    }
    CHECK(broken_with(1) == broken);
    CHECK(broken_with(2) != broken);
}

TEST_CASE_METHOD(FaultyFixture, "a chance of 1 rejects every call, or loses every answer") {
    const auto random = std::make_shared<SeededRandom>(1);
    SECTION("rejected") {
        storage.break_by_chance({.rejected = 1}, random);
        CHECK(upsert("a").error() == Errc::unavailable);
        CHECK(stored().empty());
    }
    SECTION("lost") {
        storage.break_by_chance({.answer_lost = 1}, random);
        CHECK(upsert("a").error() == Errc::unavailable);
        CHECK(stored() == std::vector<std::string>{"a"});
    }
    storage.repair();
    CHECK(upsert("b"));
}

TEST_CASE_METHOD(FaultyFixture, "a faulty storage is used and configured from several threads") {
    const auto use = [this] {
        for (int i = 0; i < 100; ++i) {
            static_cast<void>(upsert("a"));
        }
    };
    std::thread other(use);
    storage.break_calls({.count = FaultyStorage::indefinitely});
    use();
    storage.repair();
    other.join();
    CHECK(storage.calls() == 200);
    CHECK(storage.broken().size() >= 100);
}

}  // namespace webhooks::testing
