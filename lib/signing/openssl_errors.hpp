#pragma once

#include <openssl/err.h>

namespace webhooks::signing {

/// Leaves the thread's queue of OpenSSL errors unchanged: a host that reads the queue after an
/// error of its own must not find the library's. Every function here that calls OpenSSL uses one.
class ErrorQueueGuard {
public:
    ErrorQueueGuard() noexcept { ERR_set_mark(); }
    /// In an empty queue OpenSSL sets no mark, and this call empties the queue.
    ~ErrorQueueGuard() { ERR_pop_to_mark(); }
    ErrorQueueGuard(const ErrorQueueGuard&) = delete;
    ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
};

}  // namespace webhooks::signing
