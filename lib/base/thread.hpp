#pragma once

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

namespace webhooks {

/// Blocks all signals in this thread for its lifetime; threads started in the meantime inherit
/// this.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t before_{};
};

/// Starts a library thread inside a host: the host's signal handlers never run on it, and its name
/// identifies it in debuggers and `top`. Throws what std::thread throws.
/// @param name at most 15 characters, Linux's limit.
template <class Body>
std::thread start_thread(const char* name, Body body) {
    const SignalsBlocked blocked;
    std::thread thread(std::move(body));
    pthread_setname_np(thread.native_handle(), name);
    return thread;
}

}  // namespace webhooks
