#include <service/change_reader.hpp>
#include <vector>

namespace webhooks::service {

Result<> ChangeReader::refresh() {
    while (true) {
        const Revision known = index_.revision();
        const Result<Configuration> changes = storage_->configuration(known);
        if (!changes) return changes.error();
        index_.apply(*changes);
        if (!changes->is_part || index_.revision() == known) return {};
    }
}

bool ChangeReader::apply_changes(const Heartbeat& heartbeat) {
    if (heartbeat.revision != index_.revision() && !refresh_index()) return false;
    return heartbeat.last_notice == last_notice_ || drain_notices();
}

bool ChangeReader::drain_notices() {
    const Result<std::vector<Notice>> notices = storage_->notices(last_notice_);
    if (!health_.note_storage_result(notices, "reading notices")) return false;
    index_.apply(*notices);
    for (const Notice& notice : *notices) {
        if (notice.deleted_event) {
            inbox_.cancel({.subscription = notice.subscription, .event = *notice.deleted_event});
        }
        if (notice.shredded_user) {
            inbox_.cancel(
                {.shredded_user = notice.shredded_user, .shredded_at = notice.shredded_at});
        }
        last_notice_ = notice.number;
    }
    return true;
}

}  // namespace webhooks::service
