// The part of MemoryStorage that lists events.

#include <query/evaluate_list.hpp>
#include <query/plan.hpp>
#include <storage/event_view.hpp>
#include <storage/memory/memory_storage.hpp>
#include <unordered_map>
#include <vector>

namespace webhooks::storage {

Result<Page<Event>> MemoryStorage::list_events(const Principal& principal, SubscriptionId id,
                                               const ListQuery& query) {
    MemoryLog::Copies rows;
    EventId settled;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = subscriptions_.find(principal, id);
        if (!found) return found.error();
        log_.copy(id, rows);
        settled = fan_outs_.last_before((*found)->user_id, log_.last_event());
    }
    return answer_from(rows, query, settled);
}

Result<Page<Event>> MemoryStorage::list_all_events(const Principal& principal,
                                                   const ListQuery& query) {
    MemoryLog::Copies rows;
    EventId settled;
    {
        const std::scoped_lock lock(mutex_);
        subscriptions_.for_each_visible(
            principal, [&](const Subscription& subscription) { log_.copy(subscription.id, rows); });
        settled = principal.is_administrator()
                      ? fan_outs_.last_before(log_.last_event())
                      : fan_outs_.last_before(principal.user_id(), log_.last_event());
    }
    return answer_from(rows, query, settled);
}

Result<Page<Event>> MemoryStorage::answer_from(const MemoryLog::Copies& rows,
                                               const ListQuery& query, EventId settled) {
    const Result<query::Plan> plan = query::make_plan(query, ListKind::events);
    if (!plan) return plan.error();
    const query::Budget budget = budget_for(query.stop);
    // Payloads are shared until someone compares them or they are on the page.
    const bool compares_payloads = !query::check_encrypted(*plan);
    std::unordered_map<EventId, const MemoryEvent*> by_id;
    std::vector<Event> events;
    for (const auto& [id, event] : rows) {
        if (budget.is_used_up()) return query::timed_out();
        by_id.emplace(id, &event);
        events.push_back(compares_payloads ? event.view(id) : event.view_without_payload(id));
    }
    Result<Page<Event>> page = query::evaluate(query, std::move(events), budget);
    if (!page) return page;
    if (plan->after && !plan->order.front().is_descending) {
        std::erase_if(page->items, [&](const Event& event) { return event.id > settled; });
    }
    query::PageSize size;
    for (Event& event : page->items) {
        event.payload = plan->reads_payload ? *by_id.at(event.id)->message->payload : "";
        if (!plan->reads_response) event.response.reset();
        if (!size.add(content_bytes(event))) return page_too_large();
    }
    const std::scoped_lock lock(mutex_);
    for (Event& event : page->items) {
        event.blocked_by = log_.in_front_of(event.id);
    }
    return page;
}

}  // namespace webhooks::storage
