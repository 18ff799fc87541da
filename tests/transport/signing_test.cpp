// Several delivery threads sign the requests that they send.

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <support/catch.hpp>
#include <webhooks/webhooks.hpp>

#include "driver.hpp"
#include "receiver.hpp"

using namespace webhooks;
using namespace webhooks::testing;
using Kind = TransportAnswer::Kind;

namespace {

struct CountingSigner final : RequestSigner {
    Result<std::string> sign(const OutgoingRequest& request) override {
        char name[16] = {};
        pthread_getname_np(pthread_self(), name, sizeof name);
        thread = name;
        ++calls;
        if (fails) return Error(Errc::internal, "no such key");
        return "v1,of-" + request.webhook_id;
    }

    std::atomic<int> calls = 0;
    std::string thread;
    bool fails = false;
};

std::shared_ptr<Transport> on_two_threads() {
    return make_http_transport({.delivery_threads = 2}).value();
}

std::string header_of(const std::string& request, const std::string& name) {
    const std::size_t begin = request.find("\r\n" + name + ": ") + name.size() + 4;
    return request.substr(begin, request.find("\r\n", begin) - begin);
}

std::string body_of(const std::string& request) {
    return request.substr(request.find("\r\n\r\n") + 4);
}

/// The requests that arrived.
struct Inbox {
    Receiver receiver{[this](Peer& peer, int) {
        while (true) {
            const std::string request = peer.read_request();
            if (request.empty()) return;
            {
                const std::scoped_lock lock(mutex);
                requests.push_back(request);
            }
            if (!peer.send(ok)) return;
        }
    }};
    std::mutex mutex;
    std::vector<std::string> requests;

    std::vector<std::string> wait_for(std::size_t count) {
        const SteadyTime patience = SteadyTime::clock::now() + 20s;
        while (SteadyTime::clock::now() < patience) {
            {
                const std::scoped_lock lock(mutex);
                if (requests.size() >= count) return requests;
            }
            std::this_thread::sleep_for(1ms);
        }
        return {};
    }
};

}  // namespace

TEST_CASE("only a transport with several threads signs") {
    CHECK_FALSE(make_http_transport().value()->signs());
    CHECK(on_two_threads()->signs());
}

TEST_CASE("a delivery thread signs a request once, and sends the signature") {
    Inbox inbox;
    Driver driver(on_two_threads());
    const auto signer = std::make_shared<CountingSigner>();
    OutgoingRequest request = request_to(inbox.receiver.url());
    request.webhook_signature.clear();
    request.signer = signer;
    CHECK(driver.send(request).status_code == 200);
    CHECK(signer->calls == 1);
    CHECK(signer->thread.starts_with("webhooks-net-"));
    CHECK(header_of(inbox.wait_for(1).at(0), "webhook-signature") == "v1,of-msg_1");
}

TEST_CASE("a request that cannot be signed fails, and is not sent") {
    Inbox inbox;
    Driver driver(on_two_threads());
    const auto signer = std::make_shared<CountingSigner>();
    signer->fails = true;
    OutgoingRequest request = request_to(inbox.receiver.url());
    request.signer = signer;
    const TransportAnswer answer = driver.send(request);
    CHECK(answer.kind == Kind::failed);
    CHECK(answer.reason == FailureReason::other);
    CHECK(answer.error == "the secret cannot sign: no such key");
    CHECK(inbox.receiver.connections() == 0);
}

TEST_CASE("receivers verify what a service with several delivery threads signed") {
    Inbox inbox;
    ServiceOptions options;
    options.endpoints.allowed_networks = {*Network::parse("127.0.0.0/8")};
    WebhookService service =
        WebhookService::open({.storage = make_memory_storage(), .transport = on_two_threads()},
                             options)
            .value();
    service.start().value();
    const Principal ann = Principal::user("ann");
    service.register_event_type({.name = "a.b", .description = ""}).value();
    const bool has_key_pair = GENERATE(false, true);
    const Secret secret = (has_key_pair ? make_signing_key() : make_secret()).value();
    service
        .create_subscription(ann, {.name = "endpoint",
                                   .event_type = "a.b",
                                   .url = inbox.receiver.url(),
                                   .secret = secret})
        .value();
    for (int i = 0; i < 10; ++i) {
        service.publish(ann, {.event_type = "a.b", .payload = std::to_string(i)}).value();
    }
    const std::vector<std::string> requests = inbox.wait_for(10);
    REQUIRE(requests.size() == 10);
    for (const std::string& request : requests) {
        const std::string id = header_of(request, "webhook-id");
        const std::string timestamp = header_of(request, "webhook-timestamp");
        const std::string signature = header_of(request, "webhook-signature");
        const std::string body = body_of(request);
        CHECK(
            verify(secret, {.id = id, .timestamp = timestamp, .signature = signature, .body = body},
                   std::chrono::time_point_cast<Time::duration>(std::chrono::system_clock::now())));
    }
    service.stop(1s).value();
}
