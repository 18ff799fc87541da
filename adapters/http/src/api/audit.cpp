#include <webhooks/webhook_service.hpp>

#include "list_answer.hpp"
#include "operations.hpp"
#include "query.hpp"

namespace webhooks::http {

Result<Response> list_audit(WebhookService& service, const Call& call) {
    const auto query = read_list_query(call.query, ListKind::audit, call.stop);
    if (!query) return query.error();
    const auto page = service.audit(call.caller, *query);
    if (!page) return page.error();
    return list_answer(*page, *query, "audit", "totalAuditCount");
}

}  // namespace webhooks::http
