#pragma once

/// The version of these headers, by Semantic Versioning. Before 1.0 a minor version may contain
/// breaking changes.
#define WEBHOOKS_VERSION "0.1.0"
#define WEBHOOKS_VERSION_MAJOR 0
#define WEBHOOKS_VERSION_MINOR 1
#define WEBHOOKS_VERSION_PATCH 0

/// One number to compare with, as in `#if WEBHOOKS_VERSION_NUMBER >= 200` for 0.2.0: minor and
/// patch have two decimal digits each.
#define WEBHOOKS_VERSION_NUMBER \
    (WEBHOOKS_VERSION_MAJOR * 10000 + WEBHOOKS_VERSION_MINOR * 100 + WEBHOOKS_VERSION_PATCH)
