// The part of WebhookService::Impl that checks what is published.

#include <service/validation.hpp>
#include <service/webhook_service_impl.hpp>

namespace webhooks {
namespace {

/// The faults that a host found in a payload, as callers see them.
Error in_payload(const Error& found) {
    std::vector<FieldError> faults = found.fields();
    if (faults.empty()) return found;
    for (FieldError& fault : faults) {
        const bool is_member = !fault.field.empty() && !fault.field.starts_with('[');
        fault.field.insert(0, is_member ? "payload." : "payload");
    }
    return Error(std::move(faults));
}

}  // namespace

Result<> WebhookService::Impl::check_publication(const Publication& publication,
                                                 const service::Rules& current) const {
    if (Result<> verdict = service::check(publication, current); !verdict) return verdict;
    if (!validator) return {};
    const Result<> verdict = validator->check(publication.event_type, publication.payload);
    return verdict ? verdict : in_payload(verdict.error());
}

Result<> WebhookService::Impl::validate(const Publication& publication) const {
    return check_publication(publication, rules(nullptr));
}

}  // namespace webhooks
