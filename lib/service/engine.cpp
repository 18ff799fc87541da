#include <condition_variable>
#include <optional>
#include <service/engine.hpp>
#include <system_error>

namespace webhooks::service {
namespace {

constexpr std::chrono::milliseconds pause_after_exception{100};

std::shared_ptr<Clock> or_default(std::shared_ptr<Clock> clock) {
    return clock ? std::move(clock) : system_clock();
}

std::shared_ptr<Observer> or_default(std::shared_ptr<Observer> observer) {
    return observer ? std::move(observer) : std::make_shared<Observer>();
}

}  // namespace

Engine::Engine(WebhookService::Parts parts, const ServiceOptions& options, SubscriptionIndex& index)
    : transport_(std::move(parts.transport)),
      clock_(or_default(std::move(parts.clock))),
      observer_(or_default(std::move(parts.observer))),
      inbox_([transport = transport_] { transport->wake(); }),
      journal_({.storage = std::move(parts.storage), .clock = clock_, .observer = observer_},
               options, index, inbox_),
      delivery_({.transport = transport_, .clock = clock_, .observer = observer_}, options, index,
                inbox_, journal_) {}

Engine::~Engine() {
    static_cast<void>(stop(std::chrono::milliseconds(0)));
}

// ---- Publishing.

void Engine::submit(Submission submission) {
    if (const Result<> accepted = journal_.submit(submission); !accepted) {
        submission.done(accepted.error());
    }
}

Result<PublishReceipts> Engine::submit_and_wait(Submission submission) {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<PublishReceipts>> answer;
    submission.done = [&](Result<PublishReceipts> result) {
        // Told under the lock: the waiting caller owns these and may return at once.
        const std::scoped_lock lock(mutex);
        answer = std::move(result);
        changed.notify_one();
    };
    submit(std::move(submission));
    std::unique_lock lock(mutex);
    while (!answer && state_ == State::open) {
        lock.unlock();
        journal_.step();
        lock.lock();
    }
    changed.wait(lock, [&] { return answer.has_value(); });
    return *std::move(answer);
}

// ---- Life.

Result<> Engine::start() {
    const std::scoped_lock life(life_mutex_);
    if (state_ == State::stopped) return Error(Errc::stopped, "the service has stopped");
    if (state_ == State::started) return {};
    try {
        journal_thread_ = std::thread([this] { run_journal(); });
        delivery_thread_ = std::thread([this] { run_delivery(); });
    } catch (const std::system_error& failure) {
        stop_journal_thread();
        state_ = State::stopped;
        journal_.refuse_new();
        static_cast<void>(journal_.close());
        return Error(Errc::internal, std::string("cannot start a thread: ") + failure.what());
    }
    state_ = State::started;
    return {};
}

void Engine::repeat(const char* what, const std::function<bool()>& is_done,
                    const std::function<void()>& body) {
    while (!is_done()) {
        try {
            body();
        } catch (const std::exception& failure) {
            observer_->on_log(LogLevel::error, what);
            observer_->on_log(LogLevel::error, failure.what());
            std::this_thread::sleep_for(pause_after_exception);
        }
    }
}

void Engine::run_journal() {
    repeat(
        "the storage thread failed:", [this] { return stops_journal_.load(); },
        [this] {
            if (journal_.step() == 0) journal_.wait();
        });
}

void Engine::run_delivery() {
    repeat(
        "the delivery thread failed, and its work goes back to storage:",
        [this] { return stops_delivery_.load(); },
        [this] {
            const std::scoped_lock lock(delivery_mutex_);
            try {
                delivery_.turn(true);
            } catch (const std::exception&) {
                journal_.abandon_identity();
                throw;
            }
        });
}

Result<std::size_t> Engine::run_once() {
    if (state_ == State::stopped) return Error(Errc::stopped, "the service has stopped");
    if (state_ == State::started) {
        return Error(Errc::conflict, "the service runs on its own threads since start()");
    }
    const std::size_t written = journal_.step();
    const std::scoped_lock lock(delivery_mutex_);
    return written + delivery_.turn(false);
}

Result<> Engine::stop(std::chrono::milliseconds drain) {
    const std::scoped_lock life(life_mutex_);
    if (state_ == State::stopped) return {};
    // Waiting is real, whatever clock the service goes by.
    const SteadyTime deadline = std::chrono::steady_clock::now() + drain;
    journal_.refuse_new();
    stops_delivery_ = true;
    transport_->wake();
    if (delivery_thread_.joinable()) delivery_thread_.join();
    finish_deliveries(deadline);
    stop_journal_thread();
    state_ = State::stopped;
    return journal_.close();
}

void Engine::stop_journal_thread() {
    stops_journal_ = true;
    journal_.stop_waiting();
    if (journal_thread_.joinable()) journal_thread_.join();
}

void Engine::finish_deliveries(SteadyTime deadline) {
    const std::scoped_lock lock(delivery_mutex_);
    while (delivery_.in_flight() > 0 && std::chrono::steady_clock::now() < deadline) {
        delivery_.finish_turn(deadline);
    }
    delivery_.abandon();
}

Result<> Engine::check_ready() const {
    if (state_ == State::stopped) return Error(Errc::stopped, "the service has stopped");
    if (stops_delivery_) return Error(Errc::stopped, "the service is stopping");
    if (!journal_.is_healthy()) return Error(Errc::unavailable, "storage does not answer");
    return {};
}

}  // namespace webhooks::service
