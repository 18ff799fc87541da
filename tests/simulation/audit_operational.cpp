// Operational events: what each storage call leads to, and which subscriptions get it.

#include <algorithm>

#include "audit_storage.hpp"
#include "world.hpp"

namespace webhooks::simulation {
namespace {

using namespace std::chrono_literals;

/// A number in the body of an operational event.
std::int64_t number_in(const OperationalEvent& event, const std::string& name) {
    const std::size_t at = event.body.find("\"" + name + "\":");
    return at == std::string::npos ? 1 : std::stoll(event.body.substr(at + name.size() + 3));
}

/// A text in the body of an operational event, of the subscription that it is about.
std::string text_in(const OperationalEvent& event, const std::string& name) {
    const std::size_t at = event.body.find("\"" + name + "\":\"");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + name.size() + 4;
    return event.body.substr(begin, event.body.find('"', begin) - begin);
}

bool is_operational(const Subscription& subscription) {
    return subscription.event_type.starts_with(operational_prefix);
}

/// Whether an active subscription gets the event: it concerns its owner or is an operator's.
bool hears(const Subscription& subscription, const OperationalEvent& event) {
    const bool is_wanted = subscription.operator_scope ||
                           (event.subscription && subscription.user_id == text_in(event, "userId"));
    // Their filters are on payloads that only publications have.
    return is_operational(subscription) && is_wanted && subscription.filter.empty() &&
           takes(subscription.event_type, event.type);
}

void count(World& world, const OperationalEvent& event) {
    if (!event.subscription) {
        const WorkerId lost{number_in(event, "workerId")};
        if (++world.model.told_lost[lost] > 1) world.fail("a lost worker was told twice");
        if (!world.model.identities.at(lost).ended) world.fail("a living worker was told as lost");
        return;
    }
    ToldState& told = world.model.told[*event.subscription];
    if (event.type == "webhook.subscription.created") ++told.created;
    if (event.type == "webhook.subscription.updated") ++told.updated;
    if (event.type == "webhook.subscription.secret_rotated") ++told.rotated;
    if (event.type == "webhook.subscription.deleted") ++told.deleted;
    if (event.type == "webhook.subscription.deactivated") ++told.deactivated;
    if (event.type == "webhook.subscription.failing") ++told.failing;
    if (event.type == "webhook.subscription.recovered") ++told.recovered;
    if (event.type == "webhook.event.exhausted") told.exhausted += number_in(event, "count");
    if (told.recovered > told.failing || told.failing > told.recovered + 1) {
        world.fail("failing and recovered were not told in turns");
    }
}

/// What storage appended for one of its recipients becomes an event of the model.
void note_received(World& world, const OperationalEvent& told, const Event& received) {
    Model& model = world.model;
    if (received.payload != told.body) world.fail("a subscription got another operational event");
    const int number = static_cast<int>(model.publications.size()) + 1;
    model.publications[number] = {.number = number,
                                  .publication = {.event_type = told.type, .payload = told.body},
                                  .is_written = true,
                                  .events = {received.id}};
    model.events[received.id] = {.id = received.id,
                                 .subscription = received.subscription_id,
                                 .publication = number,
                                 .appended = world.now,
                                 .created_at = received.created_at,
                                 .due = received.created_at,
                                 .reopened = world.now,
                                 .is_pulled = model.is_pulled(received.subscription_id)};
    ++world.statistics.operational;
}

}  // namespace

void AuditStorage::note_operational(World& world, const OperationalEvent& event) {
    count(world, event);
    // What happens to a subscription to these events is told to none.
    if (event.subscription && text_in(event, "eventType").starts_with(operational_prefix)) return;
    for (const auto& [id, state] : world.model.subscriptions) {
        const Version& version = state.current();
        if (version.is_deleted || !version.subscription.is_active) continue;
        if (id == event.subscription || !hears(version.subscription, event)) continue;
        Storage& reader = world.database->reader();
        const Page<Event> page =
            reader
                .list_events(
                    world.auditor, id,
                    {.filter = field("id") > world.model.newest_event(id).value, .take = 1})
                .value();
        if (!page.items.empty()) {
            note_received(world, event, page.items.front());
        } else if (reader.find_subscription(world.auditor, id)->is_active) {
            world.fail("an operational event did not reach a subscription to it");
        }
    }
}

/// @pre attempts of the batch are in the model
void AuditStorage::check_exhausted() const {
    const bool is_told_at_once = world_.config.options.exhausted_notice_window == 0s;
    for (const auto& [id, told] : model_.told) {
        const std::int64_t exhausted = model_.count_exhausted(id);
        if (told.exhausted > exhausted || (is_told_at_once && told.exhausted != exhausted)) {
            world_.fail("another number of exhausted events was told than there are");
        }
    }
}

}  // namespace webhooks::simulation
