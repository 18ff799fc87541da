#pragma once

#include <contract/storages.hpp>
#include <optional>
#include <string>
#include <utility>
#include <webhooks/http/api.hpp>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/webhooks.hpp>

namespace webhooks::testing {

/// The REST API of a service that its test drives manually, on a real storage.
class RestService {
public:
    RestService(const std::shared_ptr<Storage>& storage, const std::shared_ptr<Clock>& clock,
                std::shared_ptr<http::Authenticator> authenticator)
        : service_(WebhookService::open({.storage = storage,
                                         .transport = std::make_shared<FakeTransport>(),
                                         .clock = clock})
                       .value()),
          api_(http::Api::make(
                   service_, std::move(authenticator),
                   {.portal = http::PortalOptions{.public_url = "https://hooks.example.com"}})
                   .value()) {
        for (const char* name : {"order.created", "invoice.paid"}) {
            service_.register_event_type({.name = name, .description = ""}).value();
        }
    }

    WebhookService& service() { return service_; }

    /// Lets the service do everything that it can do now.
    void settle() {
        while (service_.run_once().value() > 0) {
        }
    }

    /// @param credential empty: none.
    http::Response call(std::string_view method, const std::string& target,
                        const std::string& body = "", const std::string& credential = "") {
        http::RequestHead head{
            .method = std::string(method), .target = target, .fields = {}, .peer = {}};
        if (!body.empty()) head.fields.push_back({"Content-Type", "application/json"});
        if (!credential.empty()) {
            head.fields.push_back({"Authorization", "Bearer " + credential});
        }
        std::optional<http::Response> response;
        api_.handle(std::move(head), body,
                    [&](http::Response answered) { response = std::move(answered); });
        if (!response) settle();
        REQUIRE(response);
        return *std::move(response);
    }

private:
    WebhookService service_;
    http::Api api_;
};

}  // namespace webhooks::testing
