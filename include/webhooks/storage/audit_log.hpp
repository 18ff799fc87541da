#pragma once

#include <webhooks/audit.hpp>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/query.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// The part of a Storage that tells who changed what. A storage that has it appends the records in
/// the transaction of the change. A storage may lack it: the default implementation returns
/// `unsupported`. webhooks/storage.hpp says what holds for all calls.
class AuditLog {
public:
    virtual ~AuditLog() = default;

    /// The records about objects of the principal; for an administrator, all; for one that is
    /// limited to a subscription, those about it, while it exists.
    virtual Result<Page<AuditRecord>> list_audit(const Principal&, const ListQuery&);
};

}  // namespace webhooks
