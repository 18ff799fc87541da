#include <storage/memory/memory_audit.hpp>

namespace webhooks::storage {

void MemoryAudit::add(AuditRecord record, Time now) {
    record.id = {++last_id_};
    record.at = now;
    records_.push_back(std::move(record));
}

std::vector<AuditRecord> MemoryAudit::visible(const Principal& principal) const {
    std::vector<AuditRecord> found;
    for (const AuditRecord& record : records_) {
        const bool is_narrowed_away =
            principal.subscription() && principal.subscription() != record.subscription;
        if (principal.may_see(record.user_id) && !is_narrowed_away) found.push_back(record);
    }
    return found;
}

std::size_t MemoryAudit::erase_old(Time end, std::size_t limit) {
    std::size_t erased = 0;
    while (erased < limit && !records_.empty() && records_.front().at < end) {
        records_.pop_front();
        ++erased;
    }
    return erased;
}

}  // namespace webhooks::storage
