#include <algorithm>
#include <base/thread.hpp>
#include <base/thrown.hpp>
#include <condition_variable>
#include <optional>
#include <service/engine.hpp>
#include <service/guarded_parts.hpp>
#include <service/inside.hpp>

namespace webhooks::service {
namespace {

constexpr std::chrono::milliseconds pause_after_exception{100};

Error inside_its_work(const std::string& call, const std::string& instead) {
    return {Errc::invalid_state, call +
                                     " waits for the work that this thread is doing: inside a "
                                     "completion or a callback of the service " +
                                     instead};
}

Result<> check_outside(const Engine* engine, const char* call) {
    if (!Inside::of(engine)) return {};
    return inside_its_work(call, "it cannot be called; call it from another thread");
}

}  // namespace

Engine::Engine(WebhookService::Parts parts, TransportClaim claim, const ServiceOptions& options,
               SubscriptionIndex& index, std::shared_ptr<metrics::ServiceMetrics> metrics)
    : transport_(std::move(parts.transport)),
      transport_claim_(std::move(claim)),
      clock_(std::move(parts.clock)),
      observer_(std::move(parts.observer)),
      metrics_(std::move(metrics)),
      lease_(options.lease),
      index_(index),
      budget_(options),
      inbox_(budget_, [this] { wake_delivery(); }),
      storage_loop_({.storage = std::move(parts.storage),
                     .clock = clock_,
                     .observer = observer_,
                     .metrics = metrics_,
                     .options = options,
                     .index = index,
                     .inbox = inbox_,
                     .budget = budget_,
                     .on_change = [this] { call_host(); }}),
      delivery_({.transport = transport_,
                 .clock = clock_,
                 .observer = observer_,
                 .random = std::move(parts.random),
                 .metrics = metrics_},
                options, index, inbox_, storage_loop_, budget_) {}

Engine::~Engine() {
    let_go();
}

// ---- Publishing.

Result<> Engine::submit(Submission submission) {
    warn_if_not_driven();
    return storage_loop_.submit(submission);
}

Result<PublishReceipts> Engine::submit_and_wait(Submission submission) {
    if (Inside::of(this)) return inside_its_work("publishing", "call async_publish instead");
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<PublishReceipts>> answer;
    submission.done = [&](Result<PublishReceipts> result) {
        // Notified under the lock: the waiting caller owns these objects and may return at once.
        const std::scoped_lock lock(mutex);
        answer = std::move(result);
        changed.notify_one();
    };
    if (const Result<> accepted = submit(std::move(submission)); !accepted) return accepted.error();
    std::unique_lock lock(mutex);
    while (!answer && state_ == State::open) {
        lock.unlock();
        {
            const Inside inside(this);
            storage_loop_.step();
        }
        lock.lock();
    }
    changed.wait(lock, [&] { return answer.has_value(); });
    return *std::move(answer);
}

// ---- Start and stop.

Result<> Engine::start(const std::shared_ptr<void>& self) {
    return start_threads(self, State::started);
}

Result<> Engine::start_storage(const std::shared_ptr<void>& self) {
    return start_threads(self, State::stores);
}

Result<> Engine::start_threads(const std::shared_ptr<void>& self, State target) {
    if (Result<> outside = check_outside(this, "start"); !outside) return outside;
    const std::scoped_lock life(life_mutex_);
    if (state_ == State::stopped) return Error(Errc::stopped, "the service has stopped");
    if (state_ == target) return {};
    if (state_ != State::open)
        return Error(Errc::conflict, "the service was already started in another way");
    try {
        exit_guard_.hold(*this, self);
        storage_thread_ = start_thread("webhooks-store", [this, self] { run_storage_loop(); });
        if (target == State::started) {
            delivery_thread_ = start_thread("webhooks-send", [this, self] { run_delivery(); });
        }
    } catch (...) {
        const std::string reason(what_was_thrown());
        stop_storage_thread();
        exit_guard_.release();
        state_ = State::stopped;
        storage_loop_.reject_new();
        storage_loop_.feeds().close();
        static_cast<void>(storage_loop_.close());
        return Error(Errc::internal, "cannot start a thread: " + reason);
    }
    state_ = target;
    return {};
}

void Engine::repeat(const char* what, const std::function<bool()>& is_done,
                    const std::function<void()>& body) {
    const Inside inside(this);
    while (!is_done()) {
        try {
            body();
        } catch (...) {
            log(LogEvent::service_failed, what);
            log(LogEvent::service_failed, what_was_thrown());
            std::this_thread::sleep_for(pause_after_exception);
        }
    }
}

void Engine::run_storage_loop() {
    repeat(
        "the storage thread failed:", [this] { return stops_storage_.load(); },
        [this] {
            if (storage_loop_.step() == 0) storage_loop_.wait();
        });
}

void Engine::run_delivery() {
    repeat(
        "the delivery thread failed, and its work goes back to storage:",
        [this] { return stops_delivery_.load(); },
        [this] {
            deliver(true);
            if (delivery_.needs_rest()) std::this_thread::sleep_for(pause_after_exception);
        });
}

std::size_t Engine::deliver(bool may_wait) {
    const std::scoped_lock lock(delivery_mutex_);
    if (stops_delivery_) return 0;
    try {
        return delivery_.turn(may_wait);
    } catch (...) {
        // What is half done must not be used until the worker has registered again.
        delivery_.discard();
        storage_loop_.force_reregister();
        throw;
    }
}

void Engine::wake_delivery() noexcept {
    try {
        transport_->wake();
    } catch (...) {
        log(LogEvent::transport_failed, "the Transport threw in wake; it is polled from now on");
        delivery_.poll_from_now_on();
    }
    call_host();
}

Result<std::size_t> Engine::run_once() {
    if (Result<> outside = check_outside(this, "run_once"); !outside) return outside.error();
    if (Result<> own = check_host_drives(); !own) return own.error();
    const Inside inside(this);
    driven_at_ = clock_->steady_now();
    const std::size_t written = state_ == State::open ? storage_loop_.step() : 0;
    const std::size_t done = written + deliver(false);
    latest_done_ = done;
    return done;
}

Result<> Engine::check_host_drives() const {
    if (state_ == State::stopped) return Error(Errc::stopped, "the service has stopped");
    if (stops_delivery_) return Error(Errc::stopped, "the service is stopping");
    if (state_ == State::started) {
        return Error(Errc::conflict, "the service runs on its own threads since start()");
    }
    return {};
}

Result<SteadyTime> Engine::next_wake() {
    if (Result<> outside = check_outside(this, "next_wake"); !outside) return outside.error();
    if (Result<> own = check_host_drives(); !own) return own.error();
    const Inside inside(this);
    const SteadyTime now = clock_->steady_now();
    const std::scoped_lock lock(delivery_mutex_);
    // If it did something, there may be more to do.
    SteadyTime wake = latest_done_ > 0 ? now : delivery_.next_wake();
    // This tells the service that the host still runs it.
    if (state_ == State::stores) wake = std::min(wake, driven_at_.load() + lease_ / 2);
    if (state_ == State::open) wake = std::min(wake, storage_loop_.wake_at());
    return std::max(wake, now);
}

Result<int> Engine::wait_handle() const {
    const int handle = transport_->wait_handle();
    if (handle < 0) return Error(Errc::unsupported, "this transport has no descriptor to wait for");
    return handle;
}

void Engine::set_wake_callback(std::function<void()> callback) {
    auto shared =
        callback ? std::make_shared<const std::function<void()>>(std::move(callback)) : nullptr;
    const std::scoped_lock lock(callback_mutex_);
    wake_callback_.swap(shared);
    has_wake_callback_ = wake_callback_ != nullptr;
}

/// Not from inside `run_once`, after which the host calls `next_wake`.
void Engine::call_host() noexcept {
    if (!has_wake_callback_ || (Inside::of(this) && state_ != State::stores)) return;
    std::shared_ptr<const std::function<void()>> callback;
    {
        const std::scoped_lock lock(callback_mutex_);
        callback = wake_callback_;
    }
    const Inside inside(this);
    try {
        if (callback) (*callback)();
    } catch (...) {
        log(LogEvent::callback_failed, "a host's wake callback threw:");
        log(LogEvent::callback_failed, what_was_thrown());
    }
}

bool Engine::is_driven() const {
    if (state_ == State::started) return true;
    const SteadyTime driven_at = driven_at_;
    return driven_at != never && clock_->steady_now() - driven_at < lease_;
}

void Engine::warn_if_not_driven() {
    if (state_ != State::open || driven_at_.load() != never || has_warned_.exchange(true)) return;
    observer_->on_record(
        {.level = LogLevel::warning,
         .event = LogEvent::service_not_driven,
         .message =
             "an event was published or waited for, but nothing runs this service yet: it delivers "
             "once start() or run_once() is called"});
}

void Engine::let_go() noexcept {
    if (!Inside::of(this)) {
        try {
            return static_cast<void>(stop(std::chrono::milliseconds(0)));
        } catch (...) {
            log(LogEvent::service_failed, "the service failed as it stopped:");
            return log(LogEvent::service_failed, what_was_thrown());
        }
    }
    storage_loop_.reject_new();
    storage_loop_.feeds().close();
    stops_delivery_ = true;
    wake_delivery();
    stops_storage_ = true;
    storage_loop_.stop_waiting();
}

Result<> Engine::stop(std::chrono::milliseconds drain) {
    if (Result<> outside = check_outside(this, "stop"); !outside) return outside;
    const std::scoped_lock life(life_mutex_);
    const Inside inside(this);
    if (state_ == State::stopped) return {};
    end_work(drain);
    return storage_loop_.close();
}

Result<> Engine::abandon() {
    if (Result<> outside = check_outside(this, "abandon"); !outside) return outside;
    const std::scoped_lock life(life_mutex_);
    const Inside inside(this);
    if (state_ == State::stopped) return {};
    end_work(std::chrono::milliseconds(0));
    storage_loop_.abandon();
    return {};
}

void Engine::end_work(std::chrono::milliseconds drain) {
    storage_loop_.reject_new();
    storage_loop_.feeds().close();
    stops_delivery_ = true;
    wake_delivery();
    end(delivery_thread_);
    finish_deliveries(drain);
    stop_storage_thread();
    exit_guard_.release();
    transport_claim_.release();
    state_ = State::stopped;
}

void Engine::stop_storage_thread() {
    stops_storage_ = true;
    storage_loop_.stop_waiting();
    end(storage_thread_);
}

/// On the thread itself: its service was destroyed in a callback, and this is its last action.
void Engine::end(std::thread& thread) {
    if (!thread.joinable()) return;
    if (thread.get_id() == std::this_thread::get_id()) return thread.detach();
    thread.join();
}

void Engine::finish_deliveries(std::chrono::milliseconds drain) {
    const std::scoped_lock lock(delivery_mutex_);
    try {
        delivery_.finish(drain);
        delivery_.return_ordered();
        delivery_.abandon();
    } catch (...) {
        storage_loop_.force_reregister();
        log(LogEvent::service_failed, "delivery failed as it stopped:");
        log(LogEvent::service_failed, what_was_thrown());
        delivery_.cancel_transport();
    }
}

Result<> Engine::check_ready() const {
    if (state_ == State::stopped) return Error(Errc::stopped, "the service has stopped");
    if (stops_delivery_) return Error(Errc::stopped, "the service is stopping");
    if (!is_driven()) {
        return Error(Errc::unavailable,
                     driven_at_.load() == never
                         ? "nothing runs this service: call start(), or run_once() in a loop"
                         : "nothing runs this service any more: call run_once() in a loop");
    }
    if (!storage_loop_.is_healthy()) return Error(Errc::unavailable, "storage does not respond");
    return {};
}

std::vector<MetricFamily> Engine::collect_metrics() const {
    metrics_->set_memory(budget_.held_events(), budget_.held_bytes());
    metrics_->set_unreadable(index_.unreadable());
    std::vector<MetricFamily> families = metrics_->collect();
    std::vector<MetricFamily> of_transport;
    try {
        of_transport = transport_->metrics();
    } catch (...) {
        log(LogEvent::transport_failed, "the Transport threw in metrics");
    }
    families.insert(families.end(), std::make_move_iterator(of_transport.begin()),
                    std::make_move_iterator(of_transport.end()));
    return families;
}

void Engine::log(LogEvent event, std::string_view line) const {
    observer_->on_record({.level = LogLevel::error, .event = event, .message = line});
}

}  // namespace webhooks::service
