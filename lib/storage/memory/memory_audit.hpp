#pragma once

#include <cstdint>
#include <deque>
#include <vector>
#include <webhooks/audit.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/time.hpp>

namespace webhooks::storage {

/// The audit log. Not thread-safe.
class MemoryAudit {
public:
    void add(AuditRecord record, Time now);
    std::vector<AuditRecord> visible(const Principal& principal) const;
    /// Those from before `end`. @return the number of them, at most `limit`
    std::size_t erase_old(Time end, std::size_t limit);

private:
    std::deque<AuditRecord> records_;
    std::int64_t last_id_ = 0;
};

}  // namespace webhooks::storage
