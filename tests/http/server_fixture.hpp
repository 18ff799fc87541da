#pragma once

#include <memory>
#include <optional>
#include <string>
#include <support/catch.hpp>
#include <webhooks/http/server.hpp>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/webhooks.hpp>

#include "client.hpp"

namespace webhooks::http::testing {

/// A server on a free port, whose service uses doubles and its own threads.
struct ServerFixture {
    std::shared_ptr<Storage> storage;
    std::shared_ptr<webhooks::testing::FakeTransport> transport =
        std::make_shared<webhooks::testing::FakeTransport>();
    WebhookService service =
        WebhookService::open({.storage = storage, .transport = transport}).value();
    std::string key{ApiKeys(storage).create(Principal::user("alice")).value().reveal()};
    std::optional<Server> server;

    explicit ServerFixture(std::shared_ptr<Storage> given = make_memory_storage())
        : storage(std::move(given)) {
        service.register_event_type({.name = "order.created", .description = ""}).value();
        service.start().value();
    }

    /// A server that takes connections, and reads from them once it is started: what is sent before
    /// is there within any time limit. @return its port
    std::uint16_t open(ServerOptions options) {
        options.port = 0;
        server.emplace(
            Server::open(service, authenticate_by_api_key(ApiKeys(storage)), options).value());
        return server->port();
    }

    /// @return the server's port.
    std::uint16_t start(ServerOptions options = {}) {
        const std::uint16_t port = open(options);
        server->start().value();
        return port;
    }

    /// The head of a request, with the key, without its end.
    std::string head(const std::string& method, const std::string& path) const {
        return method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: " + key + "\r\n";
    }

    std::string request(const std::string& method, const std::string& path) const {
        return head(method, path) + "\r\n";
    }

    std::string request(const std::string& method, const std::string& path,
                        const std::string& body) const {
        return head(method, path) +
               "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
               "\r\n\r\n" + body;
    }
};

/// A request that needs no credentials.
inline const std::string live = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace webhooks::http::testing
