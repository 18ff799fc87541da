#pragma once

/// @file
/// The whole public API, except for the opt-in headers.

#include <webhooks/access.hpp>
#include <webhooks/api_keys.hpp>
#include <webhooks/clock.hpp>
#include <webhooks/endpoint.hpp>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/event_type.hpp>
#include <webhooks/forwarding_storage.hpp>
#include <webhooks/header.hpp>
#include <webhooks/http_transport.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/memory_storage.hpp>
#include <webhooks/metrics.hpp>
#include <webhooks/observer.hpp>
#include <webhooks/options.hpp>
#include <webhooks/overview.hpp>
#include <webhooks/permissions.hpp>
#include <webhooks/postgresql_storage.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/query.hpp>
#include <webhooks/random.hpp>
#include <webhooks/retry_on.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/series.hpp>
#include <webhooks/signature.hpp>
#include <webhooks/sqlite_storage.hpp>
#include <webhooks/storage.hpp>
#include <webhooks/subscription.hpp>
#include <webhooks/time.hpp>
#include <webhooks/trace.hpp>
#include <webhooks/transport.hpp>
#include <webhooks/version.hpp>
#include <webhooks/webhook_service.hpp>
