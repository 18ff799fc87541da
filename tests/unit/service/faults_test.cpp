#include <algorithm>
#include <map>
#include <set>
#include <support/catch.hpp>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/testing/faulty_storage.hpp>
#include <webhooks/testing/manual_clock.hpp>
#include <webhooks/webhooks.hpp>

// A host from `open` to `stop`, in which a call to storage breaks: each call in turn, in each
// possible way. All guarantees hold in every case.

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

const Principal publisher = Principal::user("publisher");

class ErrorLog final : public Observer {
public:
    void on_log(LogLevel level, std::string_view /*line*/) noexcept override {
        if (level == LogLevel::error) ++lines;
    }
    std::size_t lines = 0;
};

/// What a receiver has seen of one `webhook-id`.
struct Received {
    std::string payload;
    std::size_t requests = 0;
    std::size_t answered_2xx = 0;
};

/// `webhook-id` ends in the event's id.
EventId event_of(const std::string& webhook_id) {
    return {std::stoll(webhook_id.substr(webhook_id.find('_') + 1))};
}

/// A host, a storage that breaks, and a receiver.
class FaultyLife {
public:
    explicit FaultyLife(FaultyStorage::Breakage breakage);

    void live();
    void check();

    /// Whether this life has reached the calls that only failures lead to.
    bool reached_rare_calls() const {
        return storage_->calls(FaultyStorage::Call::claim_reserved) > 0 &&
               storage_->calls(FaultyStorage::Call::claim) > 0;
    }
    /// The calls that broke; empty if too few calls were made.
    std::vector<FaultyStorage::Call> broken() const { return storage_->broken(); }

private:
    using Log = std::map<EventId, EventHistory>;

    // What the host does.
    void open();
    void configure();
    void publish_all();
    void publish(const std::string& payload, const std::string& key);
    void publish_batch(const std::vector<std::string>& payloads, bool has_keys);
    void acknowledge(const PublishReceipt& receipt, const std::string& payload);
    void publish_and_delete();
    void pass(std::chrono::milliseconds time);
    void settle();
    template <class Call>
    auto insist(Call call) -> decltype(call());
    template <class Answer>
    bool note(const Answer& answer);

    std::optional<TransportAnswer> receive(const OutgoingRequest& request);

    // What must hold.
    void check_that_all_is_delivered() const;
    void check_that_faults_are_told() const;
    void check_acknowledged(const Log& log) const;
    void check_received(const Log& log) const;
    void check_history(const EventHistory& history) const;

    Log read_log() const;
    Received received_of(EventId event) const;
    std::size_t count_broken(FaultyStorage::Call call) const;

    std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
    std::shared_ptr<Storage> truth_ = make_memory_storage(clock_);
    std::shared_ptr<FaultyStorage> storage_ = std::make_shared<FaultyStorage>(truth_);
    std::shared_ptr<FakeTransport> transport_ = std::make_shared<FakeTransport>();
    std::shared_ptr<ErrorLog> errors_ = std::make_shared<ErrorLog>();
    std::optional<WebhookService> service_;

    bool asked_for_pause_ = false;
    std::map<EventId, Received> received_;
    std::map<EventId, std::string> acknowledged_;  ///< Events of receipts, with their payloads.
    std::map<EventId, std::size_t> deleted_;       ///< With the requests made until then.
    std::size_t failed_calls_ = 0;
};

FaultyLife::FaultyLife(FaultyStorage::Breakage breakage) {
    storage_->break_calls(breakage);
    transport_->respond([this](const OutgoingRequest& request) { return receive(request); });
}

/// The endpoint "flaky" fails the first request of each event; "busy" asks for a pause at its first
/// request, so that later events are reserved.
std::optional<TransportAnswer> FaultyLife::receive(const OutgoingRequest& request) {
    Received& received = received_[event_of(request.webhook_id)];
    received.payload = *request.body;
    const bool is_first = received.requests++ == 0;
    const std::string host(request.target->url.host());
    TransportAnswer answer{.kind = TransportAnswer::Kind::answered, .status_code = 200};
    if (is_first && host == "flaky.example.com") answer.status_code = 500;
    if (host == "busy.example.com" && !std::exchange(asked_for_pause_, true)) {
        answer.status_code = 503;
        answer.retry_after = "4";
    }
    if (answer.status_code == 200) ++received.answered_2xx;
    return answer;
}

// ---- What the host does.

void FaultyLife::live() {
    open();
    configure();
    publish_all();
    pass(30s);
    // Everything was published half a minute ago, longer than a lease and a retry take: whatever
    // broke meanwhile, nothing is stuck until the next start.
    check_that_all_is_delivered();
    note(service_->stop(0ms));
    service_.reset();

    storage_->repair();
    open();
    pass(30s);
    service_.reset();
}

void FaultyLife::open() {
    for (int attempt = 0; attempt < 4 && !service_; ++attempt) {
        Result<WebhookService> opened = WebhookService::open(
            {.storage = storage_, .transport = transport_, .clock = clock_, .observer = errors_},
            {.retry_jitter = 0, .persist_after = 1s});
        if (note(opened)) service_.emplace(*std::move(opened));
    }
    REQUIRE(service_);
}

void FaultyLife::configure() {
    insist([this] { return service_->register_event_type({"order.created", ""}); }).value();
    // Events that a rate limit keeps waiting in memory get rows there.
    for (const auto& [host, rate_limit] :
         {std::pair("healthy", 0), {"flaky", 0}, {"busy", 0}, {"slow", 1}}) {
        SubscriptionDraft draft{.name = host,
                                .event_type = "order.created",
                                .url = std::string("https://") + host + ".example.com/"};
        draft.rate_limit = rate_limit;
        insist([this, &draft] { return service_->create_subscription(publisher, draft); }).value();
    }
}

void FaultyLife::publish_all() {
    publish("1", "");
    publish("2", "key of 2");
    settle();
    publish("3", "key of 3");
    pass(3s);
    publish("4", "");
    publish_batch({"6", "7"}, false);
    publish_and_delete();
    publish_batch({"8", "9", "8"}, true);
    publish("5", "key of 5");
}

/// With a key, a host repeats what failed; without one it cannot know whether it was published.
void FaultyLife::publish(const std::string& payload, const std::string& key) {
    const auto call = [&] {
        return service_->publish(
            publisher, {.event_type = "order.created", .payload = payload, .idempotency_key = key});
    };
    const Result<PublishReceipt> receipt = key.empty() ? call() : insist(call);
    if (!note(receipt)) return;
    acknowledge(*receipt, payload);
}

void FaultyLife::publish_batch(const std::vector<std::string>& payloads, bool has_keys) {
    std::vector<Publication> batch;
    for (const std::string& payload : payloads) {
        batch.push_back({.event_type = "order.created",
                         .payload = payload,
                         .idempotency_key = has_keys ? "key of " + payload : ""});
    }
    const std::size_t before = read_log().size();
    const auto call = [&] { return service_->publish_batch(publisher, batch); };
    const Result<std::vector<PublishReceipt>> receipts = has_keys ? insist(call) : call();
    const std::size_t published = read_log().size() - before;
    // All of it or nothing, whatever its caller was told.
    const auto subscriptions =
        static_cast<std::size_t>(truth_->list_subscriptions(publisher, {}).value().total.value());
    const std::set<std::string> different(payloads.begin(), payloads.end());
    CHECK((published == 0 || published == different.size() * subscriptions));
    if (!note(receipts)) return;
    CHECK(receipts->size() == payloads.size());
    for (std::size_t i = 0; i < receipts->size(); ++i) {
        CHECK((*receipts)[i].event_ids.size() == subscriptions);
        acknowledge((*receipts)[i], payloads[i]);
    }
}

void FaultyLife::acknowledge(const PublishReceipt& receipt, const std::string& payload) {
    for (const EventId event : receipt.event_ids) {
        acknowledged_[event] = payload;
    }
}

/// Deletes an event that waits for its second attempt.
void FaultyLife::publish_and_delete() {
    publish("deleted", "key of deleted");
    settle();
    for (const auto& [event, history] : read_log()) {
        if (history.event.payload != "deleted" || !history.event.next_retry_at) continue;
        insist([&, id = history.event.subscription_id, event = event]() -> Result<> {
            Result<> gone = service_->delete_event(publisher, id, event);
            return gone.error() == Errc::not_found ? Result<>() : gone;
        }).value();
        deleted_[event] = received_[event].requests;
    }
}

/// Lets time pass; at each moment the service does all that it can.
void FaultyLife::pass(std::chrono::milliseconds time) {
    constexpr std::chrono::milliseconds step = 500ms;
    settle();
    for (; time > 0ms; time -= step) {
        clock_->advance(step);
        settle();
    }
}

void FaultyLife::settle() {
    for (int turn = 0; service_->run_once().value() > 0; ++turn) {
        if (turn > 100) FAIL("the service finds no rest");
    }
}

/// Makes a call, and repeats it a little later while it fails.
template <class Call>
auto FaultyLife::insist(Call call) -> decltype(call()) {
    auto answer = call();
    for (int again = 0; !note(answer) && again < 6; ++again) {
        pass(500ms);
        answer = call();
    }
    REQUIRE(answer);
    return answer;
}

/// @return whether the call succeeded.
template <class Answer>
bool FaultyLife::note(const Answer& answer) {
    if (!answer) ++failed_calls_;
    return answer.has_value();
}

// ---- What must hold.

FaultyLife::Log FaultyLife::read_log() const {
    Log log;
    for (const Subscription& subscription :
         truth_->list_subscriptions(publisher, {}).value().items) {
        for (const Event& event :
             truth_->list_events(publisher, subscription.id, {}).value().items) {
            log[event.id] = truth_->find_event(publisher, subscription.id, event.id).value();
        }
    }
    return log;
}

Received FaultyLife::received_of(EventId event) const {
    const auto found = received_.find(event);
    return found == received_.end() ? Received{} : found->second;
}

std::size_t FaultyLife::count_broken(FaultyStorage::Call call) const {
    const std::vector<FaultyStorage::Call> calls = broken();
    return static_cast<std::size_t>(std::ranges::count(calls, call));
}

void FaultyLife::check_that_all_is_delivered() const {
    for (const auto& [id, history] : read_log()) {
        INFO("event " << id.value << ", payload " << history.event.payload);
        CHECK(history.event.is_success);
    }
}

void FaultyLife::check() {
    const Log log = read_log();
    check_that_faults_are_told();
    check_acknowledged(log);
    check_received(log);
    std::set<std::pair<SubscriptionId, std::string>> published;
    for (const auto& [id, history] : log) {
        INFO("event " << id.value << ", payload " << history.event.payload);
        CHECK(published.emplace(history.event.subscription_id, history.event.payload).second);
        check_history(history);
    }
}

void FaultyLife::check_that_faults_are_told() const {
    // Except for a change that was made and could not be read back: the next heartbeat reads it.
    const auto to_be_told = broken().size() - count_broken(FaultyStorage::Call::configuration);
    if (to_be_told > 0) CHECK(failed_calls_ + errors_->lines > 0);
}

/// Acknowledged events were published and have arrived.
void FaultyLife::check_acknowledged(const Log& log) const {
    for (const auto& [id, payload] : acknowledged_) {
        if (deleted_.contains(id)) continue;
        INFO("event " << id.value << ", payload " << payload);
        const auto logged = log.find(id);
        CHECK(logged != log.end());
        if (logged != log.end()) CHECK(logged->second.event.payload == payload);
        CHECK(received_of(id).answered_2xx > 0);
    }
}

/// What arrived was published, and not deleted.
void FaultyLife::check_received(const Log& log) const {
    for (const auto& [id, received] : received_) {
        INFO("event " << id.value << ", payload " << received.payload);
        if (const auto deleted = deleted_.find(id); deleted != deleted_.end()) {
            CHECK(received.requests == deleted->second);
            continue;
        }
        const auto logged = log.find(id);
        CHECK(logged != log.end());
        if (logged != log.end()) CHECK(logged->second.event.payload == received.payload);
    }
}

/// Everything in the log has been delivered, and the log agrees with the receiver.
void FaultyLife::check_history(const EventHistory& history) const {
    const Event& event = history.event;
    CHECK(event.is_success);
    CHECK(event.status_code == 200);
    CHECK(event.retry_count == static_cast<int>(history.attempts.size()) - 1);
    CHECK_FALSE(event.next_retry_at);
    CHECK_FALSE(event.error_message);
    for (std::size_t i = 0; i < history.attempts.size(); ++i) {
        const bool is_last = i + 1 == history.attempts.size();
        CHECK(history.attempts[i].number == static_cast<int>(i) + 1);
        CHECK(history.attempts[i].outcome == (is_last ? Outcome::delivered : Outcome::retry));
    }
    const Received received = received_of(event.id);
    CHECK(received.answered_2xx > 0);
    // No storage failure causes a repetition: what is in doubt is resolved, not repeated.
    CHECK(received.requests == history.attempts.size());
}

/// Runs once for each call that a life makes: it breaks, and `count - 1` following ones.
void break_each_call(FaultyStorage::Fault fault, std::size_t count) {
    for (std::size_t n = 1;; ++n) {
        FaultyLife life({.fault = fault, .first = n, .count = count});
        INFO(count << " from call " << n);
        life.live();
        life.check();
        if (life.broken().empty()) {
            CHECK(n > 50);
            CHECK(life.reached_rare_calls());
            return;
        }
    }
}

}  // namespace

TEST_CASE("whichever call to storage is rejected, all guarantees hold") {
    break_each_call(FaultyStorage::Fault::rejected, GENERATE(1, 2, 3));
}

TEST_CASE("whichever result of storage is lost, all guarantees hold") {
    break_each_call(FaultyStorage::Fault::answer_lost, 1);
}

}  // namespace webhooks::testing
