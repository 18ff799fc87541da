#include <catalog/document.hpp>
#include <publication/publication.hpp>
#include <service/entry.hpp>
#include <service/webhook_service_impl.hpp>
#include <webhooks/access.hpp>

namespace webhooks {

using service::VisibleTypes;
using EventTypePtr = VisibleTypes::EventTypePtr;

namespace {

Error no_such_event_type(const EventTypePtr& retired) {
    if (!retired) return {Errc::not_found, "There is no such event type."};
    const std::string successor =
        retired->deprecation ? retired->deprecation->successor : std::string();
    return {Errc::not_found, "This event type " + was_retired(successor) + "."};
}

Result<> check_query(const Principal& principal, bool include_retired) {
    if (!include_retired) return {};
    return check_permissions(principal, Permission::administrator);
}

}  // namespace

Result<> WebhookService::Impl::validate(const EventType& type) const {
    return service::check_event_type(type, VisibleTypes(index, nullptr));
}

Result<> WebhookService::Impl::register_event_type(const EventType& type) {
    if (Result<> verdict = validate(type); !verdict) return verdict;
    Result<> stored = storage->upsert_event_type(type);
    if (!stored) return stored;
    apply_change();
    const EventTypePtr known = index.event_type(type.name);
    if (known && known->retired_at) {
        const std::string line = "event type '" + type.name +
                                 "' is registered by the host, but an administrator retired it: it "
                                 "stays retired";
        observer->on_record({.level = LogLevel::warning, .message = line});
    }
    return {};
}

Result<EventType> WebhookService::Impl::register_event_type(const Principal& principal,
                                                            const EventType& type) {
    if (Result<> verdict = service::check_principal(principal); !verdict) return verdict.error();
    if (Result<> verdict = validate(type); !verdict) return verdict.error();
    Result<EventType> stored = storage->replace_event_type(principal, type);
    if (stored) apply_change();
    return stored;
}

Result<> WebhookService::Impl::retire_event_type(const Principal& principal,
                                                 const std::string& name, bool force) {
    if (Result<> verdict = service::check_principal(principal); !verdict) return verdict;
    if (name.starts_with(operational_prefix) && index.event_type(name)) {
        return Error(Errc::conflict,
                     "the service itself publishes events of this type: it cannot be retired");
    }
    Result<> retired = storage->retire_event_type(principal, name, force);
    if (retired) apply_change();
    if (!retired && retired.error() == Errc::not_found) {
        return no_such_event_type(index.event_type(name));
    }
    return retired;
}

Result<std::vector<EventType>> WebhookService::Impl::event_types(const EventTypeQuery& query,
                                                                 const Principal* caller) const {
    std::vector<EventType> types;
    for (const EventTypePtr& type : VisibleTypes(index, caller).all()) {
        if (type->retired_at && !query.include_retired) continue;
        if (query.group && type->group != *query.group) continue;
        types.push_back(*type);
    }
    return types;
}

Result<std::vector<EventType>> WebhookService::Impl::event_types(
    const Principal& principal, const EventTypeQuery& query) const {
    if (Result<> verdict = check_query(principal, query.include_retired); !verdict) {
        return verdict.error();
    }
    return event_types(query, &principal);
}

Result<std::shared_ptr<const EventCatalog>> WebhookService::Impl::event_catalog(
    const Principal& principal) {
    const std::vector<EventTypePtr> types = VisibleTypes(index, &principal).all();
    std::string tag = catalog::tag_of(types, options.catalog);
    const std::scoped_lock lock(catalog_mutex_);
    std::shared_ptr<const EventCatalog>& latest = catalogs_[principal.is_administrator()];
    if (!latest || latest->tag != tag) {
        latest = std::make_shared<const EventCatalog>(EventCatalog{
            .document = catalog::document_of(types, options.catalog), .tag = std::move(tag)});
    }
    return latest;
}

Result<EventType> WebhookService::Impl::event_type(const Principal& principal,
                                                   const std::string& name,
                                                   bool include_retired) const {
    if (Result<> verdict = check_query(principal, include_retired); !verdict) {
        return verdict.error();
    }
    const EventTypePtr found = VisibleTypes(index, &principal).find(name);
    if (!found || (found->retired_at && !include_retired)) return no_such_event_type(found);
    return *found;
}

// ---- What callers see.

Result<> WebhookService::register_event_type(EventType type) {
    return service::enter(impl_, [&](Impl& impl) { return impl.register_event_type(type); });
}

Result<EventType> WebhookService::register_event_type(const Principal& principal, EventType type) {
    return service::enter(impl_, principal, Action::register_event_type,
                          [&](Impl& impl) { return impl.register_event_type(principal, type); });
}

Result<> WebhookService::retire_event_type(const Principal& principal, const std::string& name,
                                           bool force) {
    return service::enter(impl_, principal, Action::retire_event_type, [&](Impl& impl) {
        return impl.retire_event_type(principal, name, force);
    });
}

Result<std::vector<EventType>> WebhookService::event_types() const {
    return service::enter(impl_, [&](Impl& impl) { return impl.event_types(); });
}

Result<std::vector<EventType>> WebhookService::event_types(const Principal& principal,
                                                           const EventTypeQuery& query) const {
    return service::enter(impl_, principal, Action::list_event_types,
                          [&](Impl& impl) { return impl.event_types(principal, query); });
}

Result<std::shared_ptr<const EventCatalog>> WebhookService::event_catalog(
    const Principal& principal) const {
    return service::enter(impl_, principal, Action::get_event_catalog,
                          [&](Impl& impl) { return impl.event_catalog(principal); });
}

Result<EventType> WebhookService::event_type(const Principal& principal, const std::string& name,
                                             bool include_retired) const {
    return service::enter(impl_, principal, Action::get_event_type, [&](Impl& impl) {
        return impl.event_type(principal, name, include_retired);
    });
}

}  // namespace webhooks
