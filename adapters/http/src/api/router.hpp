#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace webhooks::http {

enum class Operation {
    list_subscriptions,
    create_subscription,
    get_subscription,
    update_subscription,
    delete_subscription,
    list_event_types,
    send_test_event,
    list_events,
    get_event,
    delete_event,
    retry_event,
    recover,
    rotate_secret,
    get_statistics,
    publish,
    publish_batch,
    check_live,
    check_ready,
};

/// What a method and a path lead to.
struct Route {
    enum class Kind { operation, no_such_path, wrong_method };
    Kind kind = Kind::no_such_path;
    Operation operation = Operation::check_live;  ///< With `operation` alone.
    std::int64_t id = 0;                          ///< `{id}` of the path; 0 where it has none.
    std::int64_t event_id = 0;                    ///< `{eventId}` of the path.
    std::string allow = {};                       ///< With `wrong_method`: for the Allow field.
};

/// Finds the route. Paths are read without regard to case, `%` escapes within a segment are
/// decoded, one trailing slash is tolerated; HEAD leads where GET does. An id is 1 to 16 plain
/// digits, at most 2^53 - 1; anything else in its place is no such path.
Route find_route(std::string_view method, std::string_view path);

/// Whether a path lies below `/health/`, where no key is asked for.
bool is_health_path(std::string_view path);

}  // namespace webhooks::http
