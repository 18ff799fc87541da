#include <support/temporary_folder.hpp>
#include <unit/allocations.hpp>
#include <unit/service/fixture.hpp>
#include <webhooks/sqlite_storage.hpp>

#ifndef __SANITIZE_ADDRESS__

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// A service on a SQLite file.
struct SqliteFixture : ServiceFixture {
    TemporaryFolder folder;

    SqliteFixture() {
        running.reset();
        storage = make_sqlite_storage({.path = folder.file("a.db"), .clock = clock}).value();
        open();
    }

    ~SqliteFixture() { running.reset(); }

    /// Repeats a call with more memory each time, until it is enough.
    /// @param call makes its arguments before the shortage begins.
    template <class Call>
    void check_until_it_succeeds(Call call) {
        for (long allocations = 0; allocations < 1000; ++allocations) {
            const auto result = call(allocations);
            INFO(allocations);
            if (result) {
                CHECK(allocations > 50);
                return;
            }
            // It reads what was committed by a call that failed afterwards.
            advance(2s);
            REQUIRE(result.error().to_string() ==
                    Error(Errc::unavailable, "out of memory").to_string());
        }
        FAIL("1000 allocations were not enough");
    }
};

}  // namespace

TEST_CASE_METHOD(SqliteFixture, "wherever memory is used up, a call on SQLite returns an error") {
    const SubscriptionId id = subscribe().id;
    const std::string text(40, 'x');
    SECTION("create_subscription") {
        check_until_it_succeeds([&](long allocations) {
            SubscriptionDraft draft{
                .name = text, .event_type = "order.created", .url = "https://a.example.com/"};
            const Shortage shortage(allocations);
            return service().create_subscription(alice, std::move(draft));
        });
    }
    SECTION("update_subscription") {
        check_until_it_succeeds([&](long allocations) {
            SubscriptionChange change{.name = text};
            const Shortage shortage(allocations);
            return service().update_subscription(alice, id, std::move(change));
        });
    }
    SECTION("create_api_key") {
        check_until_it_succeeds([&](long allocations) {
            const ApiKeyDraft draft{.name = text};
            const Shortage shortage(allocations);
            return service().create_api_key(alice, draft);
        });
    }
    SECTION("register_event_type") {
        check_until_it_succeeds([&](long allocations) {
            EventType type{.name = text, .description = text};
            const Shortage shortage(allocations);
            return service().register_event_type(std::move(type));
        });
    }
}

}  // namespace webhooks::testing

#endif
