#pragma once

/// @file
/// The interface to where subscriptions and the log are stored. Its calls are units of atomicity:
/// each happens completely or not at all, and is durable when it returns success.

#include <webhooks/export.hpp>
#include <webhooks/storage/api_key_store.hpp>
#include <webhooks/storage/audit_log.hpp>
#include <webhooks/storage/delivery_log.hpp>
#include <webhooks/storage/event_log.hpp>
#include <webhooks/storage/operator_view.hpp>
#include <webhooks/storage/portal_session_store.hpp>
#include <webhooks/storage/subscription_store.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// Stores everything. An implementation must pass the contract suite of
/// webhooks/testing/storage_contract.hpp, which a host can run on its own storage.
///
/// All member functions may be called from any thread at once, and block until they are done. None
/// should throw; a service logs an exception and treats it as `unavailable`. Storage has its own
/// time, to which all times in arguments and results refer; `heartbeat` returns it. A limit is at
/// least 1. Any call may return `unavailable`: nothing was done then, or (for `write`) the outcome
/// is unknown.
class Storage : public SubscriptionStore,
                public EventLog,
                public DeliveryLog,
                public OperatorView,
                public ApiKeyStore,
                public PortalSessionStore,
                public AuditLog {};

}  // namespace webhooks
