#pragma once

/// The version of these headers, by Semantic Versioning.
#define WEBHOOKS_VERSION "0.1.0"
