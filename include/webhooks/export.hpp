#pragma once

/// Marks what shared libraries of ours export; everything else in them is hidden. Public headers
/// open their namespace as `namespace WEBHOOKS_EXPORT webhooks`, so that nothing can be
/// forgotten. A few internal functions bear it, too: those of the core that our other libraries
/// call.
#define WEBHOOKS_EXPORT [[gnu::visibility("default")]]
