#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <transport/resolver.hpp>
#include <utility>

namespace webhooks::transport {

/// One look-up and all who wait for it.
struct Resolver::Request {
    std::string host;
    std::vector<std::weak_ptr<Done>> waiting = {};
    Resolved answer = {};

    bool is_wanted() const {
        return std::ranges::any_of(waiting, [](const auto& ticket) { return !ticket.expired(); });
    }
};

namespace {

/// The host's signals are handled on threads of the host.
void block_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

Resolved guarded_look_up(const Resolver::LookUp& look_up, const std::string& host) {
    try {
        return look_up(host);
    } catch (const std::exception&) {
        return {.error = "no memory for a look-up", .is_fault_of_ours = true};
    }
}

}  // namespace

/// What the threads share with the Resolver, and keep alive when they outlive it.
struct Resolver::State {
    struct Worker {
        std::thread thread;
        bool is_busy = false;
    };

    LookUp look_up;
    std::function<void()> notify;  ///< Called with `mutex` held, so never after the destructor.

    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, std::shared_ptr<Request>> under_way;  ///< Queued ones too.
    std::deque<std::shared_ptr<Request>> queue;
    std::vector<std::shared_ptr<Request>> finished;
    std::deque<Worker> workers;
    bool is_stopped = false;

    /// The next look-up that somebody still waits for. @pre `mutex` is held
    std::shared_ptr<Request> take();
    void finish(const std::shared_ptr<Request>& request, Resolved answer);
};

std::shared_ptr<Resolver::Request> Resolver::State::take() {
    while (!queue.empty()) {
        const std::shared_ptr<Request> request = std::move(queue.front());
        queue.pop_front();
        if (request->is_wanted()) return request;
        under_way.erase(request->host);
    }
    return nullptr;
}

void Resolver::State::finish(const std::shared_ptr<Request>& request, Resolved answer) {
    request->answer = std::move(answer);
    under_way.erase(request->host);
    finished.push_back(request);
}

Resolver::Resolver(LookUp look_up, std::function<void()> notify)
    : state_(std::make_shared<State>()) {
    state_->look_up = std::move(look_up);
    state_->notify = std::move(notify);
}

Resolver::~Resolver() {
    std::vector<std::thread> idle;
    {
        const std::scoped_lock lock(state_->mutex);
        state_->is_stopped = true;
        for (State::Worker& worker : state_->workers) {
            if (worker.is_busy) {
                worker.thread.detach();
            } else {
                idle.push_back(std::move(worker.thread));
            }
        }
    }
    state_->changed.notify_all();
    for (std::thread& thread : idle) {
        thread.join();
    }
}

Resolver::Ticket Resolver::resolve(const std::string& host, Done done) {
    auto ticket = std::make_shared<Done>(std::move(done));
    {
        const std::scoped_lock lock(state_->mutex);
        std::shared_ptr<Request>& request = state_->under_way[host];
        if (!request) {
            request = std::make_shared<Request>(Request{.host = host});
            state_->queue.push_back(request);
        }
        request->waiting.push_back(ticket);
        add_thread_if_needed();
    }
    state_->changed.notify_one();
    return ticket;
}

void Resolver::add_thread_if_needed() {
    const auto idle = std::ranges::count(state_->workers, false, &State::Worker::is_busy);
    if (std::cmp_greater_equal(idle, state_->queue.size()) ||
        state_->workers.size() == max_threads) {
        return;
    }
    try {
        State::Worker& worker = state_->workers.emplace_back();
        worker.thread = std::thread(work, state_, state_->workers.size() - 1);
    } catch (const std::exception&) {
        state_->workers.pop_back();
        if (!state_->workers.empty()) return;
        while (const std::shared_ptr<Request> request = state_->take()) {
            state_->finish(request, {.error = "no thread for a look-up", .is_fault_of_ours = true});
        }
        state_->notify();
    }
}

void Resolver::work(const std::shared_ptr<State>& state, std::size_t worker) {
    block_signals();
    std::unique_lock lock(state->mutex);
    while (true) {
        state->changed.wait(lock, [&] { return state->is_stopped || !state->queue.empty(); });
        if (state->is_stopped) return;
        const std::shared_ptr<Request> request = state->take();
        if (!request) continue;
        state->workers[worker].is_busy = true;
        lock.unlock();
        Resolved answer = guarded_look_up(state->look_up, request->host);
        lock.lock();
        state->workers[worker].is_busy = false;
        if (state->is_stopped) return;
        state->finish(request, std::move(answer));
        state->notify();
    }
}

void Resolver::deliver() {
    std::vector<std::shared_ptr<Request>> finished;
    {
        const std::scoped_lock lock(state_->mutex);
        finished.swap(state_->finished);
    }
    for (const std::shared_ptr<Request>& request : finished) {
        for (const std::weak_ptr<Done>& waiting : request->waiting) {
            if (const Ticket ticket = waiting.lock()) (*ticket)(request->answer);
        }
    }
}

}  // namespace webhooks::transport
