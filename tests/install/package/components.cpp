// Calls one function of each component of the package, so that each must link.

#include <iostream>
#include <webhooks/http/server.hpp>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/webhooks.hpp>

int main() {
    auto service = webhooks::WebhookService::open(
        {.storage = webhooks::make_memory_storage(),
         .transport = std::make_shared<webhooks::testing::FakeTransport>()});
    if (!service) {
        std::cerr << service.error().to_string() << '\n';
        return 1;
    }
    const bool options_are_judged =
        webhooks::make_http_transport({.attempt_timeout = std::chrono::milliseconds(0)})
            .has_error() &&
        webhooks::make_sqlite_storage({.path = "/nonexistent/webhooks.db"}).has_error() &&
        webhooks::make_postgresql_storage({.connections = 0}).has_error() &&
        webhooks::http::Server::open(*service, webhooks::http::deny_all(), {.threads = 0})
            .has_error();
    return options_are_judged ? 0 : 1;
}
