#include <base/guarded_clock.hpp>
#include <base/thrown.hpp>
#include <service/guarded_parts.hpp>
#include <string>
#include <utility>
#include <webhooks/forwarding_storage.hpp>

namespace webhooks::service {
namespace {

/// @pre called inside the handler of an exception.
void log_thrown(Observer& observer, const char* part) noexcept {
    try {
        const std::string line = std::string(part) + " threw: " + std::string(what_was_thrown());
        observer.on_record(
            {.level = LogLevel::error, .event = LogEvent::callback_failed, .message = line});
    } catch (...) {
        // If it cannot be logged, it is dropped.
    }
}

class GuardedObserver final : public Observer {
public:
    explicit GuardedObserver(std::shared_ptr<Observer> inner) : inner_(std::move(inner)) {}

    void on_log(LogLevel level, std::string_view line) override {
        try {
            inner_->on_log(level, line);
        } catch (...) {
            // An observer that cannot log cannot be told about it either.
        }
    }
    void on_record(const LogRecord& record) override {
        try {
            inner_->on_record(record);
        } catch (...) {
            // As above.
        }
    }
    void on_published(std::size_t events) override {
        guard([&] { inner_->on_published(events); });
    }
    void on_attempt(const AttemptReport& report) override {
        guard([&] { inner_->on_attempt(report); });
    }
    void on_deactivated(SubscriptionId id, DeactivationReason reason) override {
        guard([&] { inner_->on_deactivated(id, reason); });
    }
    void on_operational(const OperationalEvent& event) override {
        guard([&] { inner_->on_operational(event); });
    }
    void on_fenced(std::size_t results) override {
        guard([&] { inner_->on_fenced(results); });
    }

private:
    template <class Call>
    void guard(Call call) noexcept {
        try {
            call();
        } catch (...) {
            log_thrown(*inner_, "the host's Observer");
        }
    }

    const std::shared_ptr<Observer> inner_;
};

class GuardedStorage final : public ForwardingStorage {
public:
    GuardedStorage(std::shared_ptr<Storage> inner, std::shared_ptr<Observer> observer)
        : ForwardingStorage(std::move(inner)), observer_(std::move(observer)) {}

    void set_listener(std::function<void()> listener) override {
        guard([&] { ForwardingStorage::set_listener(std::move(listener)); });
    }
    void set_feed_listener(std::function<void()> listener) override {
        guard([&] { ForwardingStorage::set_feed_listener(std::move(listener)); });
    }
    void set_operational_listener(std::function<void(const OperationalEvent&)> listener) override {
        guard([&] { ForwardingStorage::set_operational_listener(std::move(listener)); });
    }

private:
    template <class Call>
    void guard(Call call) noexcept {
        try {
            call();
        } catch (...) {
            log_thrown(*observer_, "the Storage");
        }
    }

    Result<> intercept(Call /*call*/, const std::function<Result<>()>& forward) override {
        try {
            return forward();
        } catch (...) {
            log_thrown(*observer_, "the Storage");
            return Error(Errc::unavailable, "storage threw an exception: see the log");
        }
    }

    const std::shared_ptr<Observer> observer_;
};

class GuardedValidator final : public PublicationValidator {
public:
    GuardedValidator(std::shared_ptr<PublicationValidator> inner,
                     std::shared_ptr<Observer> observer)
        : inner_(std::move(inner)), observer_(std::move(observer)) {}

    Result<> check(std::string_view event_type, std::string_view payload) override {
        try {
            return inner_->check(event_type, payload);
        } catch (...) {
            log_thrown(*observer_, "the host's PublicationValidator");
            return Error(Errc::unavailable, "the payload could not be validated");
        }
    }

private:
    const std::shared_ptr<PublicationValidator> inner_;
    const std::shared_ptr<Observer> observer_;
};

}  // namespace

std::shared_ptr<Observer> guarded(std::shared_ptr<Observer> observer) {
    return std::make_shared<GuardedObserver>(std::move(observer));
}

std::shared_ptr<Clock> guarded(std::shared_ptr<Clock> clock, std::shared_ptr<Observer> observer) {
    return std::make_shared<GuardedClock>(std::move(clock), [observer = std::move(observer)] {
        log_thrown(*observer, "the host's Clock");
    });
}

std::shared_ptr<Storage> guarded(std::shared_ptr<Storage> storage,
                                 std::shared_ptr<Observer> observer) {
    return std::make_shared<GuardedStorage>(std::move(storage), std::move(observer));
}

std::shared_ptr<PublicationValidator> guarded(std::shared_ptr<PublicationValidator> validator,
                                              std::shared_ptr<Observer> observer) {
    return std::make_shared<GuardedValidator>(std::move(validator), std::move(observer));
}

}  // namespace webhooks::service
