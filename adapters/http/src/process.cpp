#include "process.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

namespace webhooks::http {
namespace {

/// Blocks all signals in this thread; threads that it starts inherit this.
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

thread_local const void* owner_of_thread = nullptr;

}  // namespace

std::thread start_server_thread(const void* owner, std::function<void()> body) {
    const SignalsBlocked blocked;
    std::thread thread([owner, body = std::move(body)] {
        owner_of_thread = owner;
        body();
    });
    pthread_setname_np(thread.native_handle(), "webhooks-http");
    return thread;
}

bool is_server_thread_of(const void* owner) noexcept {
    return owner_of_thread == owner;
}

void close_on_exec(int descriptor) noexcept {
    const int flags = ::fcntl(descriptor, F_GETFD);
    if (flags >= 0) ::fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC);
}

std::string message_of(const boost::system::error_code& error) {
    const bool lacks_descriptors = error == boost::system::errc::too_many_files_open ||
                                   error == boost::system::errc::too_many_files_open_in_system;
    return error.message() +
           (lacks_descriptors ? "; raise the limit of descriptors (ulimit -n)" : "");
}

long process_id() noexcept {
    return ::getpid();
}

}  // namespace webhooks::http
