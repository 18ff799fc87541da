#pragma once

#include <algorithm>
#include <map>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {

/// Records which subscriptions were deactivated, and why, and what was logged about endpoints.
struct DeactivationLog final : Observer {
    void on_log(LogLevel level, std::string_view line) override {
        if (line.find("endpoint") == std::string_view::npos) return;
        const char* name = level == LogLevel::warning ? "warning: " : "info: ";
        lines.push_back(name + std::string(line));
    }
    void on_deactivated(SubscriptionId id, DeactivationReason reason) noexcept override {
        told.emplace_back(id, reason);
    }
    std::vector<std::pair<SubscriptionId, DeactivationReason>> told;
    std::vector<std::string> lines;
};

inline TransportAnswer status(int code, std::string retry_after = {}) {
    return {.kind = TransportAnswer::Kind::answered,
            .status_code = code,
            .retry_after = std::move(retry_after)};
}

inline SubscriptionDraft with_max_retries(int count) {
    SubscriptionDraft draft;
    draft.max_retry_count = count;
    return draft;
}

inline SubscriptionDraft with_rate_limit(int rate) {
    SubscriptionDraft draft;
    draft.rate_limit = rate;
    return draft;
}

/// A service with some endpoints whose responses a test sets by host.
struct IsolationFixture : ServiceFixture {
    std::shared_ptr<DeactivationLog> deactivations = std::make_shared<DeactivationLog>();
    std::map<std::string, TransportAnswer> answers;

    IsolationFixture() {
        observer = deactivations;
        options.deactivate_after = std::chrono::days(5);
        reopen();
        transport->respond([this](const OutgoingRequest& request) {
            const auto found = answers.find(std::string(request.target->url.host()));
            return found == answers.end() ? status(200) : found->second;
        });
    }

    void reopen() {
        running.reset();
        open();
    }

    Subscription subscribe_host(const std::string& host, SubscriptionDraft draft = {}) {
        draft.name = host;
        draft.event_type = "order.created";
        draft.url = "https://" + host + "/";
        return service().create_subscription(alice, std::move(draft)).value();
    }

    void publish_some(int count) {
        for (int i = 0; i < count; ++i) {
            service()
                .publish(alice, {.event_type = "order.created", .payload = std::to_string(i)})
                .value();
        }
        settle();
    }

    std::size_t requests_to(const std::string& host) const {
        const auto requests = transport->requests();
        return static_cast<std::size_t>(std::ranges::count_if(
            requests,
            [&](const OutgoingRequest& request) { return request.target->url.host() == host; }));
    }

    std::int64_t count(const Subscription& subscription, const char* filter) {
        return service()
            .events(alice, subscription.id,
                    ListQuery::parse({.filter = filter}, ListKind::events).value())
            .value()
            .total.value();
    }

    Subscription current(const Subscription& subscription) {
        return service().subscription(alice, subscription.id).value();
    }
};

}  // namespace webhooks::testing
