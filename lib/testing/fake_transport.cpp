#include <algorithm>
#include <webhooks/testing/fake_transport.hpp>

namespace webhooks::testing {

void FakeTransport::respond(Script script) {
    const std::scoped_lock lock(mutex_);
    script_ = std::move(script);
}

void FakeTransport::respond_with_status(int status_code) {
    respond([status_code](const OutgoingRequest&) {
        return TransportAnswer{.kind = TransportAnswer::Kind::answered, .status_code = status_code};
    });
}

bool FakeTransport::answer(Token token, TransportAnswer answer) {
    const std::scoped_lock lock(mutex_);
    if (std::erase(under_way_, token) == 0) return false;
    answers_.emplace_back(token, std::move(answer));
    changed_.notify_all();
    return true;
}

std::vector<OutgoingRequest> FakeTransport::requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
}

std::vector<Transport::Token> FakeTransport::under_way() const {
    const std::scoped_lock lock(mutex_);
    return under_way_;
}

void FakeTransport::start(Token token, OutgoingRequest request) {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(request);
    if (!script_) {
        answers_.emplace_back(
            token, TransportAnswer{.kind = TransportAnswer::Kind::answered, .status_code = 200});
    } else if (std::optional<TransportAnswer> answer = script_(request)) {
        answers_.emplace_back(token, std::move(*answer));
    } else {
        under_way_.push_back(token);
    }
}

void FakeTransport::run(SteadyTime until, Sink& sink) {
    std::deque<std::pair<Token, TransportAnswer>> answers;
    {
        std::unique_lock lock(mutex_);
        // Does not wait if `until` has passed, whichever clock it was read from.
        changed_.wait_until(lock, until, [&] { return woken_ || !answers_.empty(); });
        woken_ = false;
        answers.swap(answers_);
    }
    for (auto& [token, answer] : answers) {
        sink.on_answer(token, std::move(answer));
    }
}

void FakeTransport::wake() noexcept {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
    changed_.notify_all();
}

SteadyTime FakeTransport::next_wake() const {
    const std::scoped_lock lock(mutex_);
    return answers_.empty() ? SteadyTime::max() : SteadyTime::min();
}

void FakeTransport::cancel_all() {
    const std::scoped_lock lock(mutex_);
    for (const Token token : under_way_) {
        answers_.emplace_back(token, TransportAnswer{.kind = TransportAnswer::Kind::not_sent,
                                                     .error = "the service stops"});
    }
    under_way_.clear();
    changed_.notify_all();
}

}  // namespace webhooks::testing
