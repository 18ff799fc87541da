// The part of SqlStorage that changes subscriptions, and writes the operational events that follow.

#include <storage/audit_records.hpp>
#include <storage/sql/audit_table.hpp>
#include <storage/sql/sql_storage.hpp>
#include <storage/sql/subscription_table.hpp>
#include <storage/subscription_change.hpp>
#include <storage/visibility.hpp>

namespace webhooks::storage {

template <class Answering>
auto SqlStorage::run_operational(std::chrono::seconds exhausted_window, Answering body) {
    std::vector<OperationalEvent> written;
    auto answer = run(Purpose::configure, [&](soci::session& sql) {
        return with_operational(sql, exhausted_window, now(sql), written,
                                [&](OperationalWriter& writer) { return body(sql, writer); });
    });
    if (answer) report(written);
    return answer;
}

template <class Answering>
auto SqlStorage::change_visible(const Principal& principal, SubscriptionId id, Answering body) {
    return run_operational({},
                           [&](soci::session& sql, OperationalWriter& writer)
                               -> decltype(body(sql, std::declval<Subscription&>(), writer)) {
                               std::optional<Subscription> found =
                                   storage::find_subscription(sql, principal, id);
                               if (!found) return no_such_subscription();
                               return body(sql, *found, writer);
                           });
}

Result<Subscription> SqlStorage::insert_subscription(const Principal& by,
                                                     const Subscription& draft) {
    return run_operational(
        {}, [&](soci::session& sql, OperationalWriter& writer) -> Result<Subscription> {
            Subscription subscription = draft;
            begin(subscription, writer.now(), bump_revision(sql));
            Subscription stored = subscription;
            if (Result<> sealed = cipher_.seal(stored); !sealed) return sealed.error();
            subscription.id = storage::insert_subscription(sql, stored);
            insert_audit(sql, audit::subscription_created(by, subscription), writer.now());
            writer.write(created(subscription, by));
            return subscription;
        });
}

Result<Subscription> SqlStorage::update_subscription(const Principal& principal, SubscriptionId id,
                                                     const SubscriptionChange& change) {
    return change_visible(
        principal, id,
        [&](soci::session& sql, Subscription& found,
            OperationalWriter& writer) -> Result<Subscription> {
            if (Result<> verdict = check_revision(change, found); !verdict) return verdict.error();
            Result<> opened = cipher_.open(found);
            if (!opened && !replaces_secrets(change, found)) return opened.error();
            const Subscription before = found;
            found.is_unreadable = false;
            apply(change, found, writer.now(), bump_revision(sql));
            Result<Subscription> stored = update(sql, found);
            if (!stored) return stored;
            if (const auto record = audit::subscription_updated(principal, before, found)) {
                insert_audit(sql, *record, writer.now());
            }
            if (const auto fact = updated(before, found, principal)) writer.write(*fact);
            return stored;
        });
}

Result<Subscription> SqlStorage::rotate_secret(const Principal& principal, SubscriptionId id,
                                               const Secret& secret, std::chrono::seconds overlap) {
    return change_visible(principal, id,
                          [&](soci::session& sql, Subscription& found,
                              OperationalWriter& writer) -> Result<Subscription> {
                              if (Result<> opened = cipher_.open(found); !opened)
                                  return opened.error();
                              rotate(found, secret, overlap, writer.now(), bump_revision(sql));
                              Result<Subscription> stored = update(sql, found);
                              if (!stored) return stored;
                              insert_audit(sql, audit::secret_rotated(principal, found),
                                           writer.now());
                              writer.write(secret_rotated(found, principal));
                              return stored;
                          });
}

Result<> SqlStorage::delete_subscription(const Principal& principal, SubscriptionId id) {
    return change_visible(
        principal, id,
        [&](soci::session& sql, Subscription& found, OperationalWriter& writer) -> Result<> {
            hide_subscription(sql, id, bump_revision(sql), writer.now());
            insert_audit(sql, audit::subscription_deleted(principal, found), writer.now());
            writer.write(deleted(found, principal));
            return {};
        });
}

Result<Subscription> SqlStorage::update(soci::session& sql, const Subscription& changed) {
    Subscription stored = changed;
    if (Result<> sealed = cipher_.seal(stored); !sealed) return sealed.error();
    storage::update_subscription(sql, stored);
    return changed;
}

// ---- Operational events.

void SqlStorage::set_operational_listener(std::function<void(const OperationalEvent&)> listener) {
    operational_.set(std::move(listener));
}

Result<> SqlStorage::append_due_operational(std::chrono::seconds exhausted_window,
                                            std::size_t limit) {
    const Result<bool> is_due = run(Purpose::read, [&](soci::session& sql) -> Result<bool> {
        return has_due_pending(sql, now(sql));
    });
    if (!is_due) return is_due.error();
    if (!*is_due) return {};
    return run_operational(exhausted_window,
                           [&](soci::session&, OperationalWriter& writer) -> Result<> {
                               writer.write_due(limit);
                               return {};
                           });
}

}  // namespace webhooks::storage
