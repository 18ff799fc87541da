#pragma once

/// Marks what the shared libraries export; everything else in them is hidden. Public headers open
/// their namespace as `namespace WEBHOOKS_EXPORT webhooks`, so that nothing can be forgotten. A few
/// internal functions are marked too: those of the core that the other libraries call.
#define WEBHOOKS_EXPORT [[gnu::visibility("default")]]

#if __cplusplus < 202002L
#error "webhooks needs C++20: compile with -std=c++20 or newer"
#endif
