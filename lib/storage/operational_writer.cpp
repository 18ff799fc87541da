#include <publication/pattern.hpp>
#include <storage/operational_writer.hpp>
#include <utility>

namespace webhooks::storage {
namespace {

constexpr const char* operational_content_type = "application/json";

}  // namespace

Recipients::Recipients(const OperationalEvent& event)
    : event_(event), judge_(event.type, operational_content_type, event.body) {}

bool Recipients::include(const std::string& pattern, const std::string& filter,
                         const std::string& user) {
    return pattern_matches(pattern, event_.type) &&
           judge_.lets_through(filters_.find(filter), user) == true;
}

void OperationalWriter::write(const Fact& fact) {
    if (std::optional<PendingFact> pending = table_.find_pending(fact.subscription, fact.type)) {
        const std::int64_t before = pending->fact.count;
        if (before == 0) pending->since = now_;
        pending->fact = fact;
        pending->fact.count += before;
        return table_.put_pending(*pending);
    }
    Fact first = fact;
    if (has_window(fact)) first.count = 1;
    OperationalEvent event = make_event(first, now_, now_);
    const std::vector<SubscriptionId> reached = recipients(fact, event);
    if (!take_room(reached.size())) {
        return table_.put_pending({.fact = fact, .since = now_, .due = next_minute()});
    }
    append(std::move(event), reached);
    if (has_window(fact)) begin_window(fact, fact.count - 1);
}

void OperationalWriter::write_due(std::size_t limit) {
    for (PendingFact& pending : table_.due_pending(now_, limit)) {
        write_pending(std::move(pending));
    }
}

void OperationalWriter::write_pending(PendingFact pending) {
    if (pending.fact.count == 0) return table_.erase_pending(pending);
    OperationalEvent event = make_event(pending.fact, pending.since, now_);
    const std::vector<SubscriptionId> reached = recipients(pending.fact, event);
    if (!take_room(reached.size())) {
        pending.due = next_minute();
        return table_.put_pending(pending);
    }
    append(std::move(event), reached);
    if (!has_window(pending.fact)) return table_.erase_pending(pending);
    begin_window(std::move(pending.fact), 0);
}

std::vector<SubscriptionId> OperationalWriter::recipients(const Fact& fact,
                                                          const OperationalEvent& event) {
    if (!fact.owner) return {};
    std::vector<SubscriptionId> reached = table_.recipients(event, *fact.owner);
    // It may have been changed to receive these events meanwhile; it never receives its own.
    std::erase(reached, fact.subscription);
    return reached;
}

bool OperationalWriter::take_room(std::size_t events) {
    if (events == 0) return true;
    const auto wanted = static_cast<std::int64_t>(events);
    const std::int64_t minute =
        std::chrono::floor<std::chrono::minutes>(now_).time_since_epoch().count();
    MinuteCount count = table_.minute_count();
    if (count.minute != minute) count = {.minute = minute};
    // An event with more recipients than the maximum is appended if it is the first of its minute.
    if (count.events > 0 && count.events + wanted > max_events_in_minute) return false;
    count.events += wanted;
    table_.set_minute_count(count);
    return true;
}

Time OperationalWriter::next_minute() const {
    return std::chrono::floor<std::chrono::minutes>(now_) + std::chrono::minutes(1);
}

bool OperationalWriter::has_window(const Fact& fact) const {
    return fact.type == exhausted_type && exhausted_window_.count() > 0;
}

void OperationalWriter::append(OperationalEvent event,
                               const std::vector<SubscriptionId>& recipients) {
    appended_ += recipients.size();
    if (!recipients.empty()) {
        table_.append({.event_type = event.type,
                       .content_type = operational_content_type,
                       .payload = std::make_shared<const std::string>(event.body)},
                      recipients, now_);
    }
    events_.push_back(std::move(event));
}

void OperationalWriter::begin_window(Fact fact, std::int64_t rest) {
    fact.count = rest;
    table_.put_pending({.fact = std::move(fact), .since = now_, .due = now_ + exhausted_window_});
}

}  // namespace webhooks::storage
