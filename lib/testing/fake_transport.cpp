#include <algorithm>
#include <webhooks/testing/fake_transport.hpp>

namespace webhooks::testing {

FakeTransport::FakeTransport(std::shared_ptr<Clock> clock, std::function<void(SteadyTime)> wait)
    : clock_(std::move(clock)), wait_(std::move(wait)) {}

FakeTransport::FakeTransport(std::shared_ptr<ManualClock> clock)
    : FakeTransport(clock, [clock](SteadyTime until) {
          clock->advance(std::chrono::ceil<std::chrono::microseconds>(until - clock->steady_now()));
      }) {}

void FakeTransport::respond(Script script) {
    const std::scoped_lock lock(mutex_);
    script_ = std::move(script);
}

void FakeTransport::respond_with_status(int status_code) {
    respond([status_code](const OutgoingRequest&) {
        return TransportAnswer{.kind = TransportAnswer::Kind::answered, .status_code = status_code};
    });
}

void FakeTransport::answer_after(
    std::function<std::chrono::microseconds(const OutgoingRequest&)> latency) {
    const std::scoped_lock lock(mutex_);
    latency_ = std::move(latency);
}

bool FakeTransport::answer(Token token, TransportAnswer answer) {
    const std::scoped_lock lock(mutex_);
    const SteadyTime now = steady_now();
    const auto scheduled = std::ranges::find_if(
        answers_, [&](const auto& each) { return each.first > now && each.second.first == token; });
    if (scheduled != answers_.end()) {
        answers_.erase(scheduled);
    } else if (std::erase(unanswered_, token) == 0) {
        return false;
    }
    schedule(token, std::move(answer), now);
    return true;
}

void FakeTransport::schedule(Token token, TransportAnswer answer, SteadyTime at) {
    answers_.emplace(at, Answer(token, std::move(answer)));
    changed_.notify_all();
}

std::vector<OutgoingRequest> FakeTransport::requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
}

std::vector<Transport::Token> FakeTransport::in_flight() const {
    const std::scoped_lock lock(mutex_);
    std::vector<Token> tokens = unanswered_;
    const SteadyTime now = steady_now();
    for (auto each = answers_.upper_bound(now); each != answers_.end(); ++each) {
        tokens.push_back(each->second.first);
    }
    return tokens;
}

void FakeTransport::start(Token token, OutgoingRequest request) {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(request);
    std::optional<TransportAnswer> answer =
        TransportAnswer{.kind = TransportAnswer::Kind::answered, .status_code = 200};
    if (script_) answer = script_(request);
    if (!answer) return unanswered_.push_back(token);
    const auto latency = latency_ ? latency_(request) : std::chrono::microseconds(0);
    schedule(token, std::move(*answer), steady_now() + latency);
}

std::vector<FakeTransport::Answer> FakeTransport::take_ready(SteadyTime now) {
    std::vector<Answer> ready;
    const auto end = answers_.upper_bound(now);
    for (auto each = answers_.begin(); each != end; ++each) {
        ready.push_back(std::move(each->second));
    }
    answers_.erase(answers_.begin(), end);
    return ready;
}

std::vector<FakeTransport::Answer> FakeTransport::wait_for_answers(SteadyTime until) {
    std::unique_lock lock(mutex_);
    const auto has_ready = [this] {
        return !answers_.empty() && answers_.begin()->first <= steady_now();
    };
    while (!woken_ && !has_ready() && steady_now() < until) {
        const SteadyTime next = answers_.empty() ? until : std::min(until, answers_.begin()->first);
        if (clock_) {
            lock.unlock();
            wait_(next);
            lock.lock();
        } else {
            changed_.wait_until(lock, next);
        }
    }
    woken_ = false;
    return take_ready(steady_now());
}

void FakeTransport::run(SteadyTime until, Sink& sink) {
    for (auto& [token, answer] : wait_for_answers(until)) {
        sink.on_answer(token, std::move(answer));
    }
}

void FakeTransport::wake() noexcept {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
    changed_.notify_all();
}

SteadyTime FakeTransport::steady_now() const {
    return clock_ ? clock_->steady_now() : std::chrono::steady_clock::now();
}

SteadyTime FakeTransport::next_wake() const {
    const std::scoped_lock lock(mutex_);
    return answers_.empty() ? SteadyTime::max() : answers_.begin()->first;
}

void FakeTransport::cancel_all() {
    const std::scoped_lock lock(mutex_);
    const SteadyTime now = steady_now();
    for (auto each = answers_.upper_bound(now); each != answers_.end(); ++each) {
        unanswered_.push_back(each->second.first);
    }
    answers_.erase(answers_.upper_bound(now), answers_.end());
    for (const Token token : unanswered_) {
        schedule(token, {.kind = TransportAnswer::Kind::not_sent, .error = "the service stops"},
                 now);
    }
    unanswered_.clear();
}

}  // namespace webhooks::testing
