// The contract of Transport, on the double: it is an ordinary transport.

#include <support/catch.hpp>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/testing/transport_contract.hpp>

namespace webhooks::testing {
namespace {

/// Requests encode their intended result in their id.
struct Faked final : TransportUnderTest {
    std::shared_ptr<Transport> make() override {
        const auto transport = std::make_shared<FakeTransport>();
        transport->respond([](const OutgoingRequest& request) -> std::optional<TransportAnswer> {
            if (request.webhook_id == "unanswered") return std::nullopt;
            if (request.webhook_id == "failing") {
                return TransportAnswer{.kind = TransportAnswer::Kind::failed, .error = "refused"};
            }
            return TransportAnswer{.kind = TransportAnswer::Kind::answered,
                                   .status_code = std::stoi(request.webhook_id)};
        });
        return transport;
    }
    OutgoingRequest answered_with(int status_code) override {
        return request(std::to_string(status_code));
    }
    OutgoingRequest unanswered() override { return request("unanswered"); }
    OutgoingRequest failing() override { return request("failing"); }
    bool has_deadline() const override { return false; }

private:
    static OutgoingRequest request(std::string id) {
        OutgoingRequest made;
        made.webhook_id = std::move(id);
        return made;
    }
};

}  // namespace

WEBHOOKS_TRANSPORT_CONTRACT(Faked);

}  // namespace webhooks::testing
