#include <support/catch.hpp>
#include <thread>
#include <webhooks/memory_storage.hpp>
#include <webhooks/testing/faulty_storage.hpp>

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
