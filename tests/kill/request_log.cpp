#include "request_log.hpp"

#include <kill/scene.hpp>
#include <thread>
#include <webhooks/clock.hpp>
#include <webhooks/signature.hpp>

namespace webhooks::testing {
namespace {

std::string between(const std::string& text, const std::string& before, const std::string& after) {
    const std::size_t found = text.find(before);
    if (found == std::string::npos) return {};
    const std::size_t begin = found + before.size();
    return text.substr(begin, text.find(after, begin) - begin);
}

Request parse(const std::string& bytes) {
    const std::size_t end = bytes.find("\r\n\r\n");
    const std::string head = bytes.substr(0, end + 2);
    const auto header = [&head](const std::string& name) {
        return between(head, "\r\n" + name + ": ", "\r\n");
    };
    Request request{.run = std::stoi(header("user-agent").substr(4)),
                    .endpoint = between(head, "POST /", " "),
                    .webhook_id = header("webhook-id"),
                    .body = bytes.substr(end + 4),
                    .signature_error = {},
                    .arrived = system_clock()->now()};
    const std::string timestamp = header("webhook-timestamp");
    const std::string signature = header("webhook-signature");
    // Each attempt is signed again: a tolerance this small would reject the first one's signature.
    const Result<> verdict = verify(Secret(secret),
                                    {.id = request.webhook_id,
                                     .timestamp = timestamp,
                                     .signature = signature,
                                     .body = request.body},
                                    request.arrived, std::chrono::seconds(5));
    if (!verdict) request.signature_error = verdict.error().to_string();
    return request;
}

}  // namespace

std::vector<Request> RequestLog::requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
}

void RequestLog::cut_off(int request, std::function<void()> kill) {
    kill_ = std::move(kill);
    until_cut_off_ = request;
}

void RequestLog::serve(Peer& peer) {
    while (true) {
        const std::string bytes = peer.read_request();
        if (bytes.empty()) return;
        Request request = parse(bytes);
        if (is_cut_off()) {
            const std::scoped_lock lock(mutex_);
            requests_.push_back(std::move(request));
            kill_();
            break;
        }
        const int status = take(std::move(request));
        std::this_thread::sleep_for(delay_);
        if (!peer.send("HTTP/1.1 " + std::to_string(status) + " \r\ncontent-length: 0\r\n\r\n")) {
            return;
        }
    }
    // If it were closed at once, the worker might notice before it is dead.
    peer.wait_for_close();
}

int RequestLog::take(Request request) {
    const std::scoped_lock lock(mutex_);
    const bool is_first = ++arrivals_[request.webhook_id] == 1;
    const bool fails = request.endpoint == broken || (request.endpoint == flaky && is_first);
    request.status = fails ? 500 : 200;
    requests_.push_back(std::move(request));
    return requests_.back().status;
}

}  // namespace webhooks::testing
