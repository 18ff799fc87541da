// The contract of Transport, on HTTP.

#include <webhooks/testing/transport_contract.hpp>

#include "closed_port.hpp"
#include "driver.hpp"
#include "receiver.hpp"

namespace webhooks::testing {
namespace {

/// Answers with the status that the path names; without one, never.
void answer_as_asked(Peer& peer, int) {
    while (true) {
        const std::string request = peer.read_request();
        if (request.empty()) return;
        const std::string status = request.substr(request.find('/') + 1, 3);
        if (status == "not") return peer.wait_for_close();
        const std::string length = status == "204" ? "" : "content-length: 0\r\n";
        if (!peer.send("HTTP/1.1 " + status + " X\r\n" + length + "\r\n")) return;
    }
}

struct OverHttp : TransportUnderTest {
    std::shared_ptr<Transport> make() override {
        return make_http_transport({.attempt_timeout = 1s,
                                    .connect_timeout = 500ms,
                                    .delivery_threads = delivery_threads})
            .value();
    }
    OutgoingRequest answered_with(int status_code) override {
        return request_to(receiver.url("/" + std::to_string(status_code)));
    }
    OutgoingRequest unanswered() override { return request_to(receiver.url("/not")); }
    OutgoingRequest failing() override { return request_to(closed.url()); }

    Receiver receiver{answer_as_asked};
    ClosedPort closed;
    int delivery_threads = 1;
};

struct OverHttpOnThreads final : OverHttp {
    OverHttpOnThreads() { delivery_threads = 3; }
};

}  // namespace

WEBHOOKS_TRANSPORT_CONTRACT(OverHttp);
WEBHOOKS_TRANSPORT_CONTRACT(OverHttpOnThreads);

}  // namespace webhooks::testing
