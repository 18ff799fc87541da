#pragma once

#include <memory>
#include <shared_mutex>
#include <webhooks/http/message.hpp>

namespace webhooks::http {

class Session;

/// Accepts responses from other threads for as long as the server runs: after that, there is no
/// io_context to post them to.
class ResponseChannel {
public:
    void close();
    template <class Call>
    void run_if_open(Call call) {
        const std::shared_lock lock(mutex_);
        if (is_open_) call();
    }
    void post(const std::weak_ptr<Session>& session, Response response);

private:
    std::shared_mutex mutex_;
    bool is_open_ = true;
};

}  // namespace webhooks::http
