// A host's own storage: the library's in-memory storage, with an audit log of changes.
// contract_test.cpp proves that it fulfils the contract of a storage.

#include <iostream>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/webhooks.hpp>

#include "audited_storage.hpp"

using webhooks::Principal;

int main() try {
    const auto storage =
        std::make_shared<AuditedStorage>(webhooks::make_memory_storage(), std::cout);
    auto service =
        webhooks::WebhookService::open(
            {.storage = storage, .transport = std::make_shared<webhooks::testing::FakeTransport>()})
            .value();
    service.register_event_type({"order.created", "An order was placed"}).value();

    const auto alice = Principal::user("alice");
    const auto id = service
                        .create_subscription(alice, {.name = "first",
                                                     .event_type = "order.created",
                                                     .url = "https://hooks.example.com/orders"})
                        .value()
                        .id;
    service.update_subscription(alice, id, {.name = "renamed"}).value();
    service.delete_subscription(Principal::administrator("root"), id).value();
    return 0;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
