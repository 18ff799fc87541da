#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <webhooks/http_transport.hpp>

namespace webhooks::testing {

using namespace std::chrono_literals;

/// Allows the addresses that the tests use: the loopback networks.
inline std::shared_ptr<const EndpointPolicy> loopback_policy() {
    static const auto policy = std::make_shared<const EndpointPolicy>(EndpointPolicy{
        .allowed_networks = {*Network::parse("127.0.0.0/8"), *Network::parse("::1/128")}});
    return policy;
}

inline OutgoingRequest request_to(
    const std::string& url, std::string body = "{}", Headers headers = {},
    std::shared_ptr<const EndpointPolicy> policy = loopback_policy()) {
    return {.target = std::make_shared<const Target>(
                Target{EndpointUrl::parse(url).value(), std::move(headers), std::move(policy)}),
            .body = std::make_shared<const std::string>(std::move(body)),
            .content_type = "application/json",
            .webhook_id = "msg_1",
            .webhook_timestamp = "1700000000",
            .webhook_signature = "v1,c2lnbmF0dXJl"};
}

/// A transport and its driver. Its deadlines are short, so that tests of them are.
class Driver final : private Transport::Sink {
public:
    static HttpTransportOptions defaults() {
        return {.attempt_timeout = 10s, .connect_timeout = 5s};
    }

    explicit Driver(HttpTransportOptions options = defaults())
        : Driver(make_http_transport(std::move(options)).value()) {}
    explicit Driver(std::shared_ptr<Transport> transport) : transport_(std::move(transport)) {}

    Transport& transport() noexcept { return *transport_; }
    const std::map<Transport::Token, TransportAnswer>& answers() const noexcept { return answers_; }

    Transport::Token start(OutgoingRequest request) {
        transport_->start(++last_token_, std::move(request));
        return last_token_;
    }

    /// Drives until there are this many answers in total.
    void drive(std::size_t count) {
        const SteadyTime patience = SteadyTime::clock::now() + 20s;
        while (answers_.size() < count) {
            if (SteadyTime::clock::now() > patience) throw std::runtime_error("no answer");
            transport_->run(patience, *this);
        }
    }

    void run(SteadyTime until) { transport_->run(until, *this); }

    /// Drives until a condition holds. @return whether it does
    template <class Condition>
    bool drive_until(Condition condition, std::chrono::milliseconds step = 5ms) {
        const SteadyTime end = SteadyTime::clock::now() + 20s;
        while (!condition()) {
            if (SteadyTime::clock::now() > end) return false;
            transport_->run(SteadyTime::clock::now() + step, *this);
        }
        return true;
    }

    /// Makes one attempt. @return its answer
    TransportAnswer send(OutgoingRequest request) {
        const Transport::Token token = start(std::move(request));
        drive(answers_.size() + 1);
        return answers_.at(token);
    }
    TransportAnswer send(const std::string& url) { return send(request_to(url)); }

private:
    void on_answer(Transport::Token token, TransportAnswer answer) override {
        if (!answers_.emplace(token, std::move(answer)).second) {
            throw std::logic_error("answered twice");
        }
    }

    std::shared_ptr<Transport> transport_;
    std::map<Transport::Token, TransportAnswer> answers_;
    Transport::Token last_token_ = 0;
};

}  // namespace webhooks::testing
