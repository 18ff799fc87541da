#pragma once

/// @file
/// The one table of which operation needs which permission. `WebhookService` checks it in every
/// call that takes a Principal; an adapter reads it to reject a request early, and to document it.

#include <array>
#include <cstdint>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/permissions.hpp>
#include <webhooks/principal.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// An operation of the service.
enum class Action : std::uint8_t {
    list_subscriptions,
    get_subscription,
    create_subscription,
    update_subscription,
    delete_subscription,
    rotate_secret,
    list_event_types,
    get_event_type,
    get_event_catalog,
    register_event_type,
    retire_event_type,
    test_filter,
    test_filter_on_events,
    match_event,
    list_events,
    list_all_events,
    get_event,
    get_statistics,
    get_series,
    get_all_series,
    send_test_event,
    retry_event,
    recover,
    delete_event,
    publish,
    get_overview,
    list_users,
    rewrap_data_keys,
    shred_user,
    get_metrics,
    list_api_keys,
    create_api_key,
    delete_api_key,
    list_audit,
    create_portal_session,
    delete_portal_session,
    get_own_session,
    end_own_session,
};

/// What an operation needs.
struct Requirement {
    Action action;
    Permissions permissions;  ///< All of these.
    /// It concerns more than one subscription: forbidden for a principal that is limited to one.
    bool needs_whole_user = false;
};

/// In the order of `Action`.
inline constexpr std::array requirements = {
    Requirement{Action::list_subscriptions, Permission::subscriptions_read},
    Requirement{Action::get_subscription, Permission::subscriptions_read},
    Requirement{Action::create_subscription, Permission::subscriptions_write, true},
    Requirement{Action::update_subscription, Permission::subscriptions_write},
    Requirement{Action::delete_subscription, Permission::subscriptions_write},
    Requirement{Action::rotate_secret, {Permission::secrets_read, Permission::subscriptions_write}},
    Requirement{Action::list_event_types, Permission::subscriptions_read},
    Requirement{Action::get_event_type, Permission::subscriptions_read},
    Requirement{Action::get_event_catalog, Permission::subscriptions_read},
    Requirement{Action::register_event_type, Permission::administrator},
    Requirement{Action::retire_event_type, Permission::administrator},
    Requirement{Action::test_filter, Permission::subscriptions_read},
    Requirement{Action::test_filter_on_events,
                {Permission::subscriptions_read, Permission::events_read}},
    Requirement{Action::match_event, Permission::subscriptions_read},
    Requirement{Action::list_events, Permission::events_read},
    Requirement{Action::list_all_events, Permission::events_read},
    Requirement{Action::get_event, Permission::events_read},
    Requirement{Action::get_statistics, Permission::events_read},
    Requirement{Action::get_series, Permission::events_read},
    Requirement{Action::get_all_series, Permission::events_read},
    Requirement{Action::send_test_event, Permission::events_send},
    Requirement{Action::retry_event, Permission::events_send},
    Requirement{Action::recover, Permission::events_send},
    Requirement{Action::delete_event, Permission::events_send},
    Requirement{Action::publish, Permission::events_publish, true},
    Requirement{Action::get_overview, Permission::administrator},
    Requirement{Action::list_users, Permission::administrator},
    Requirement{Action::rewrap_data_keys, Permission::administrator},
    Requirement{Action::shred_user, Permission::administrator},
    Requirement{Action::get_metrics, Permission::administrator},
    Requirement{Action::list_api_keys, Permission::subscriptions_read},
    Requirement{Action::create_api_key, Permission::subscriptions_write},
    Requirement{Action::delete_api_key, Permission::subscriptions_write},
    Requirement{Action::list_audit, Permission::subscriptions_read},
    Requirement{Action::create_portal_session, Permission::administrator},
    Requirement{Action::delete_portal_session, Permission::administrator},
    Requirement{Action::get_own_session, Permissions()},
    Requirement{Action::end_own_session, Permissions()},
};

constexpr const Requirement& requirement_of(Action action) noexcept {
    return requirements[static_cast<std::size_t>(action)];
}

/// @return forbidden, with the names of the permissions that the principal lacks.
Result<> check_access(const Principal&, Action);

/// @return forbidden, with the names of those of the permissions that the principal lacks.
Result<> check_permissions(const Principal&, Permissions);

}  // namespace webhooks
