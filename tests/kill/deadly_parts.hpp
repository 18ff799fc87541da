#pragma once

/// @file
/// Wrappers of a service's parts, with kill points before, during and after each call.

#include <functional>
#include <kill/kill_point.hpp>
#include <type_traits>
#include <webhooks/forwarding_storage.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::testing {

class DeadlyStorage final : public ForwardingStorage {
public:
    /// @param on_written Called after each batch that was written.
    DeadlyStorage(std::shared_ptr<Storage> inner, std::function<void()> on_written)
        : ForwardingStorage(std::move(inner)), on_written_(std::move(on_written)) {}

    Result<Worker> register_worker(std::chrono::milliseconds lease) override {
        return passing("register", [&] { return ForwardingStorage::register_worker(lease); });
    }
    Result<> retire_worker(WorkerId worker) override {
        return passing("retire", [&] { return ForwardingStorage::retire_worker(worker); });
    }
    Result<std::size_t> take_over(WorkerId worker, std::size_t limit) override {
        return passing("take over", [&] { return ForwardingStorage::take_over(worker, limit); });
    }
    Result<BatchReceipt> write(WorkerId worker, const Batch& batch) override {
        const char* operation = !batch.appends.empty()    ? "append"
                                : !batch.attempts.empty() ? "record"
                                                          : "custody";
        auto receipt = passing(operation, [&] { return ForwardingStorage::write(worker, batch); });
        on_written_();
        return receipt;
    }
    Result<Claim> claim(WorkerId worker, ClaimLimit limit, std::int64_t number) override {
        return passing("claim", [&] { return ForwardingStorage::claim(worker, limit, number); });
    }
    Result<std::vector<HeldEvent>> claim_reserved(WorkerId worker, SubscriptionId subscription,
                                                  std::size_t limit, std::int64_t number) override {
        return passing("claim reserved", [&] {
            return ForwardingStorage::claim_reserved(worker, subscription, limit, number);
        });
    }

private:
    template <class T>
    static bool did_something(const T&) {
        return true;
    }
    static bool did_something(std::size_t moved) { return moved > 0; }
    static bool did_something(const Claim& claim) { return !claim.events.empty(); }

    template <class Call>
    static std::invoke_result_t<Call> passing(const char* name, Call call) {
        pass(name, "before");
        std::invoke_result_t<Call> result = [&] {
            const Operation operation(name);
            return call();
        }();
        // Searches for work often find none; dying then would prove nothing.
        if constexpr (requires {
                          *result;
                          did_something(*result);
                      }) {
            if (result && !did_something(*result)) return result;
        }
        pass(name, "after");
        return result;
    }

    const std::function<void()> on_written_;
};

class DeadlyTransport final : public Transport {
public:
    explicit DeadlyTransport(std::shared_ptr<Transport> inner) : inner_(std::move(inner)) {}

    void start(Token token, OutgoingRequest request) override {
        pass("send", "before");
        inner_->start(token, std::move(request));
        pass("send", "after");
    }
    void run(SteadyTime until, Sink& sink) override {
        DeadlySink deadly(sink);
        inner_->run(until, deadly);
    }
    void wake() noexcept override { inner_->wake(); }
    void cancel_all() override { inner_->cancel_all(); }

private:
    class DeadlySink final : public Sink {
    public:
        explicit DeadlySink(Sink& inner) : inner_(inner) {}

        void on_answer(Token token, TransportAnswer answer) override {
            pass("answer", "before");
            inner_.on_answer(token, std::move(answer));
            pass("answer", "after");
        }

    private:
        Sink& inner_;
    };

    const std::shared_ptr<Transport> inner_;
};

}  // namespace webhooks::testing
