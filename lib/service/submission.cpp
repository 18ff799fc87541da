#include <service/batch_errors.hpp>
#include <service/submission.hpp>
#include <utility>

namespace webhooks::service {
namespace {

std::vector<EventId> event_ids(const Appended& appended) {
    std::vector<EventId> ids;
    for (std::uint32_t i = 0; i < appended.count; ++i) {
        ids.push_back({appended.first_event.value + i});
    }
    return ids;
}

}  // namespace

std::size_t Submission::payload_bytes() const {
    std::size_t bytes = 0;
    for (const PendingPublication& publication : publications) {
        bytes += publication.message->payload->size();
    }
    return bytes;
}

std::size_t count_events(const Submission& submission) {
    std::size_t events = 0;
    for (const PendingPublication& publication : submission.publications) {
        events += publication.found->subscriptions.size();
    }
    return events;
}

void answer(Submission& submission, Result<PublishReceipts> receipts, Observer& observer) {
    const auto done = std::exchange(submission.done, nullptr);
    if (!done) return;
    try {
        done(std::move(receipts));
    } catch (...) {
        observer.on_record({.level = LogLevel::error,
                            .event = LogEvent::callback_failed,
                            .message = "a host's completion of async_publish threw; it was "
                                       "ignored"});
    }
}

void reject(Submission& submission, const char* reason, Observer& observer) noexcept {
    std::string text;
    try {
        text = reason;
    } catch (...) {
        text.clear();
    }
    answer(submission, Error(Errc::unavailable, std::move(text)), observer);
}

Result<PublishReceipts> receipts_of(const Submission& submission,
                                    std::span<const Result<Appended>> appended,
                                    Observer& observer) {
    PublishReceipts receipts;
    BatchErrors errors;
    for (std::size_t i = 0; i < appended.size(); ++i) {
        const Result<Appended>& each = appended[i];
        if (!each) {
            if (!submission.is_batch) return each.error();
            if (!(each.error() == Errc::aborted)) errors.add(i, each.error());
            continue;
        }
        if (submission.rejection && !each->is_replay) return *submission.rejection;
        if (submission.publications[i].only && each->count == 0) {
            return Error(Errc::not_found, "no such subscription");
        }
        if (!each->is_replay) observer.on_published(each->count);
        receipts.push_back({.event_ids = event_ids(*each), .is_replay = each->is_replay});
    }
    if (!errors.empty()) return errors.error();
    if (submission.rejection && receipts.size() < appended.size()) return *submission.rejection;
    return receipts;
}

}  // namespace webhooks::service
