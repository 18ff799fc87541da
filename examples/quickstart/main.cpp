// Shows the library on its own, without REST: open a service, subscribe a URL, publish an event,
// receive it with its signature, and find it in the event log. The receiver is a few lines of
// socket code in this program, so that it runs without arguments.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <webhooks/webhooks.hpp>

using namespace std::chrono_literals;

// Any web server that accepts a POST is a receiver. This one accepts one, prints it and responds
// 204.
void receive_one(int listener) {
    const int connection = accept(listener, nullptr, nullptr);
    std::string request;
    char buffer[4096];
    while (request.find("\r\n\r\n{\"order\":42}") == std::string::npos) {
        const ssize_t size = read(connection, buffer, sizeof buffer);
        if (size <= 0) break;
        request.append(buffer, static_cast<std::size_t>(size));
    }
    std::cout << request << "\n\n";
    send(connection, "HTTP/1.1 204 No Content\r\n\r\n", 27, MSG_NOSIGNAL);
    close(connection);
}

void deliver_one(const std::string& url) {
    // Addresses that are not public are rejected unless they are allowed.
    webhooks::ServiceOptions options;
    options.endpoints.allowed_networks = {webhooks::Network::parse("127.0.0.0/8").value()};

    // Every call returns a Result; where a program prefers exceptions, value() throws.
    auto service =
        webhooks::WebhookService::open({.storage = webhooks::make_memory_storage(),
                                        .transport = webhooks::make_http_transport().value()},
                                       options)
            .value();
    service.start().value();
    service.register_event_type({"order.created", "An order was placed"}).value();

    const auto alice = webhooks::Principal::user("alice");
    const auto subscription =
        service
            .create_subscription(alice,
                                 {.name = "first", .event_type = "order.created", .url = url})
            .value();
    service.publish(alice, {.event_type = "order.created", .payload = R"({"order":42})"}).value();

    for (auto end = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < end;
         std::this_thread::sleep_for(10ms)) {
        const auto events = service.events(alice, subscription.id).value().items;
        if (events.empty() || !events.front().is_success) continue;
        std::cout << "delivered, status " << *events.front().status_code << '\n';
        return;
    }
    throw std::runtime_error("not delivered within 10 s");
}

int main() try {
    sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {}, .sin_zero = {}};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener, 1) != 0)
        throw std::system_error(errno, std::generic_category(), "listen");
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    std::thread(receive_one, listener).detach();

    deliver_one("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/");
    return 0;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
