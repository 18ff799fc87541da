#include <base/thread.hpp>
#include <exception>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <transport/failure.hpp>
#include <transport/network_thread.hpp>

namespace webhooks::transport {
namespace {

/// At most this long, in case waking fails for lack of memory.
constexpr std::chrono::seconds longest_run(1);

}  // namespace

NetworkThread::NetworkThread(std::string name, std::unique_ptr<HttpTransport> transport,
                             AnswerQueue& answers)
    : name_(std::move(name)), queue_(answers), transport_(std::move(transport)) {}

NetworkThread::~NetworkThread() {
    end();
}

void NetworkThread::add(Transport::Token token, OutgoingRequest request) {
    added_.push_back({token, std::move(request), SteadyTime::clock::now()});
}

void NetworkThread::hand_over() {
    if (added_.empty()) return;
    if (!thread_.joinable()) {
        try {
            thread_ = start_thread(name_.c_str(), [this] { work(); });
        } catch (const std::system_error& error) {
            throw std::runtime_error(std::string("cannot start a delivery thread: ") +
                                     error.what());
        }
    }
    bool was_empty = false;
    {
        const std::scoped_lock lock(mutex_);
        was_empty = inbox_.empty();
        if (was_empty) {
            inbox_.swap(added_);
        } else {
            inbox_.insert(inbox_.end(), std::make_move_iterator(added_.begin()),
                          std::make_move_iterator(added_.end()));
            added_.clear();
        }
    }
    if (was_empty) transport_->wake();
}

/// @return false if the thread must end.
bool NetworkThread::take_inbox(std::vector<Start>& starts) {
    starts.clear();
    const std::scoped_lock lock(mutex_);
    if (must_end_) return false;
    starts.swap(inbox_);
    return true;
}

void NetworkThread::work() noexcept {
    try {
        std::vector<Start> starts;
        while (take_inbox(starts)) {
            for (Start& start : starts) {
                if (!sign(start)) continue;
                transport_->start(start.token, std::move(start.request), start.since);
            }
            transport_->run(
                answers_.empty() ? SteadyTime::clock::now() + longest_run : SteadyTime::min(),
                *this);
            queue_.put(answers_);
        }
    } catch (...) {
        // It may have lost answers; the caller of `run` cancels everything then.
        queue_.fail(std::current_exception());
    }
}

/// @return false if the attempt has ended.
bool NetworkThread::sign(Start& start) {
    const std::shared_ptr<RequestSigner> signer = std::exchange(start.request.signer, nullptr);
    if (!signer) return true;
    Result<std::string> signature = signer->sign(start.request);
    if (signature) {
        start.request.webhook_signature = *std::move(signature);
    } else {
        answers_.emplace_back(
            start.token,
            failed(FailureReason::other, "the secret cannot sign: " + signature.error().detail()));
    }
    return signature.has_value();
}

void NetworkThread::on_answer(Transport::Token token, TransportAnswer answer) {
    answers_.emplace_back(token, std::move(answer));
}

void NetworkThread::end() noexcept {
    if (!thread_.joinable()) return;
    {
        const std::scoped_lock lock(mutex_);
        must_end_ = true;
    }
    transport_->wake();
    thread_.join();
    must_end_ = false;
}

void NetworkThread::cancel_all() {
    transport_->cancel_all();
    transport_->run(SteadyTime::min(), *this);
    for (std::vector<Start>* unsent : {&inbox_, &added_}) {
        for (const Start& start : *unsent) {
            answers_.emplace_back(start.token, not_sent("cancelled"));
        }
        unsent->clear();
    }
    queue_.put(answers_);
}

}  // namespace webhooks::transport
