#pragma once

#include <contract/storages.hpp>

namespace webhooks::testing {

/// A subscription with large events, and a list query that searches all of them many times.
struct HeavyQuery {
    explicit HeavyQuery(storage_contract::Fixture& fixture) : id(fixture.subscribe().id) {
        const std::string payload = '"' + std::string(50'000, 'a') + '"';
        for (int i = 0; i < 20; ++i)
            fixture.append_one(id, payload);
    }

    static ListQuery query() {
        std::string filter = "contains(payload,'a0')";
        for (int i = 1; i < 60; ++i)
            filter += " or contains(payload,'a" + std::to_string(i) + "')";
        return ListQuery::parse({.filter = filter}, ListKind::events).value();
    }

    /// The query ends with an error each time; other calls succeed as before.
    void check_that_it_ends(Storage& limited) const {
        using Catch::Matchers::ContainsSubstring;
        for (int i = 0; i < 3; ++i) {
            for (const Error& error : {limited.list_events(alice, id, query()).error(),
                                       limited.list_all_events(alice, query()).error()}) {
                CHECK(error == Errc::timed_out);
                CHECK_THAT(error.detail(), ContainsSubstring("Narrow it"));
            }
        }
        CHECK(limited.find_subscription(alice, id));
        CHECK(limited.configuration(0).value().subscriptions.size() == 1);
        CHECK(limited.find_api_key(std::string(32, 'k')));
    }

    /// Even with enough time, it ends if its caller has gone.
    void check_that_it_stops(Storage& storage) const {
        std::stop_source caller;
        ListQuery stopped = query();
        stopped.stop = caller.get_token();
        CHECK(storage.list_events(alice, id, stopped));
        caller.request_stop();
        CHECK(storage.list_events(alice, id, stopped).error() == Errc::timed_out);
        CHECK(storage.list_all_events(alice, stopped).error() == Errc::timed_out);
        CHECK(storage.statistics(alice, id, stopped.stop).error() == Errc::timed_out);
        CHECK(storage.list_events(alice, id, query()));
        CHECK(storage.statistics(alice, id, {}));
    }

    SubscriptionId id;
};

}  // namespace webhooks::testing
