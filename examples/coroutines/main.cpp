// Shows publishing from Boost.Asio coroutines: a hundred of them publish at once and share a few
// commits, one publishes a batch, and none blocks the thread that they all run on. The receiver is
// a coroutine too, so that the program runs without arguments.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <iostream>
#include <string>
#include <vector>
#include <webhooks/asio.hpp>
#include <webhooks/webhooks.hpp>

namespace asio = boost::asio;
using asio::use_awaitable;
using asio::ip::tcp;
using webhooks::Principal;
using webhooks::Publication;

constexpr int orders = 100;
constexpr int orders_in_batch = 20;

// Answers one request with 204 and closes; stops accepting once it has received them all.
asio::awaitable<void> receive(tcp::acceptor acceptor) {
    for (int received = 0; received < orders + orders_in_batch; ++received) {
        tcp::socket socket = co_await acceptor.async_accept(use_awaitable);
        std::string request;
        co_await asio::async_read_until(socket, asio::dynamic_buffer(request), "}", use_awaitable);
        const std::string answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
        co_await asio::async_write(socket, asio::buffer(answer), use_awaitable);
    }
    std::cout << "all have arrived\n";
}

Publication order(int number) {
    return {.event_type = "order.created", .payload = "{\"order\":" + std::to_string(number) + "}"};
}

// As a request handler would: it continues when the event is durable.
asio::awaitable<void> place_order(webhooks::WebhookService& service, int number, int& placed) {
    const auto receipt = co_await webhooks::async_publish(service, Principal::user("alice"),
                                                          order(number), use_awaitable);
    if (receipt) {
        ++placed;
    } else {
        std::cerr << receipt.error().to_string() << '\n';
    }
}

// All of these or none.
asio::awaitable<void> import_orders(webhooks::WebhookService& service, int& placed) {
    std::vector<Publication> batch;
    for (int i = 0; i < orders_in_batch; ++i) {
        batch.push_back(order(orders + i));
    }
    const auto receipts = co_await webhooks::async_publish_batch(service, Principal::user("alice"),
                                                                 std::move(batch), use_awaitable);
    // Where a coroutine prefers exceptions, value() throws.
    placed += static_cast<int>(receipts.value().size());
}

int main() try {
    asio::io_context io;
    tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    const auto url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/";

    webhooks::ServiceOptions options;
    options.endpoints.allowed_networks = {webhooks::Network::parse("127.0.0.0/8").value()};
    auto service =
        webhooks::WebhookService::open({.storage = webhooks::make_memory_storage(),
                                        .transport = webhooks::make_http_transport().value()},
                                       options)
            .value();
    service.start().value();
    service.register_event_type({"order.created", "An order was placed"}).value();
    service
        .create_subscription(Principal::user("alice"),
                             {.name = "shop", .event_type = "order.created", .url = url})
        .value();

    int placed = 0;
    for (int number = 0; number < orders; ++number) {
        asio::co_spawn(io, place_order(service, number, placed), asio::detached);
    }
    asio::co_spawn(io, import_orders(service, placed), asio::detached);
    asio::co_spawn(io, receive(std::move(acceptor)), asio::detached);
    io.run();
    std::cout << "published: " << placed << '\n';
    return placed == orders + orders_in_batch ? 0 : 1;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
