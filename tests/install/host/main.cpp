// A typical host: a site of its own on Boost.Beast, with its own threads and its own login, and in
// the same process the service, its HTTP transport and its REST API. A user logs in to the site,
// subscribes the site's own URL over REST, publishes, and the site receives the event. Then the
// host gets the signal that ends it.
//
// It is also compiled with macros that change Boost.Asio's classes: the library's must never meet
// them.

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <csignal>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include <webhooks/http/server.hpp>
#include <webhooks/webhooks.hpp>

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

// Tokens of the logged-in users: the host's own authentication, on both servers.
class Logins : public webhooks::http::Authenticator {
public:
    std::string log_in(const std::string& user) {
        const std::lock_guard lock(mutex_);
        const std::string token = "token-" + std::to_string(random_());
        users_.emplace(token, user);
        return token;
    }

    webhooks::Result<webhooks::Principal> authenticate(
        const webhooks::http::RequestHead& head) override {
        const std::lock_guard lock(mutex_);
        const std::string bearer = "Bearer ";
        std::string token(webhooks::http::find_field(head.fields, "authorization"));
        if (token.starts_with(bearer)) token.erase(0, bearer.size());
        const auto user = users_.find(token);
        if (user == users_.end())
            return webhooks::Error(webhooks::Errc::not_found, "not logged in");
        return webhooks::Principal::user(user->second);
    }

private:
    std::mutex mutex_;
    std::random_device random_;
    std::map<std::string, std::string> users_;
};

// The host's site: `POST /login` names a user, `POST /hook` receives webhooks.
class Site {
public:
    Site(asio::io_context& context, Logins& logins)
        : context_(context),
          logins_(logins),
          listener_(context, {tcp::v4(), 0}),
          end_(context, SIGTERM),
          timeout_(context) {
        end_.async_wait([this](boost::system::error_code error, int) {
            has_ended_ = !error;
            context_.stop();
        });
        timeout_.expires_after(30s);
        timeout_.async_wait([this](boost::system::error_code error) {
            if (!error) context_.stop();
        });
        asio::co_spawn(context_, accept(), asio::detached);
    }

    unsigned short port() const { return listener_.local_endpoint().port(); }
    const std::string& received() const { return received_; }
    bool has_ended() const { return has_ended_; }

private:
    asio::awaitable<void> accept() {
        for (;;) {
            auto socket = co_await listener_.async_accept(asio::use_awaitable);
            asio::co_spawn(context_, serve(std::move(socket)), asio::detached);
        }
    }

    asio::awaitable<void> serve(tcp::socket socket) {
        boost::beast::flat_buffer buffer;
        Request request;
        co_await http::async_read(socket, buffer, request, asio::use_awaitable);
        const bool is_hook = request.target() == "/hook";
        Response response(is_hook ? http::status::no_content : http::status::ok, 11);
        if (!is_hook) response.body() = logins_.log_in(request.body());
        response.prepare_payload();
        co_await http::async_write(socket, response, asio::use_awaitable);
        if (!is_hook) co_return;
        received_ = request.body();
        std::raise(SIGTERM);
    }

    asio::io_context& context_;
    Logins& logins_;
    tcp::acceptor listener_;
    asio::signal_set end_;
    asio::steady_timer timeout_;
    std::string received_;
    bool has_ended_ = false;
};

// Sends one request and waits for its response.
std::string post(unsigned short port, const char* target, const std::string& token,
                 const std::string& body) {
    asio::io_context context;
    tcp::socket socket(context);
    socket.connect({asio::ip::address_v4::loopback(), port});
    Request request(http::verb::post, target, 11, body);
    request.set(http::field::host, "127.0.0.1");
    request.set(http::field::content_type, "application/json");
    request.set(http::field::authorization, "Bearer " + token);
    request.prepare_payload();
    http::write(socket, request);
    boost::beast::flat_buffer buffer;
    Response response;
    http::read(socket, buffer, response);
    if (response.result_int() >= 300) throw std::runtime_error(target + (": " + response.body()));
    return response.body();
}

void use(unsigned short site, unsigned short api) {
    const std::string token = post(site, "/login", "", "alice");
    const std::string url = "http://127.0.0.1:" + std::to_string(site) + "/hook";
    post(api, "/v1/webhooks/subscriptions", token,
         R"({"subscription":{"name":"own","eventType":"order.created","url":")" + url + "\"}}");
    post(api, "/v1/webhooks/events", token,
         R"({"eventType":"order.created","payload":{"order":42}})");
}

int main() try {
    asio::io_context context;
    const auto logins = std::make_shared<Logins>();
    Site site(context, *logins);

    webhooks::ServiceOptions options;
    options.endpoints.allowed_networks = {webhooks::Network::parse("127.0.0.0/8").value()};
    auto service =
        webhooks::WebhookService::open({.storage = webhooks::make_memory_storage(),
                                        .transport = webhooks::make_http_transport().value()},
                                       options)
            .value();
    service.register_event_type({"order.created", "An order was placed"}).value();
    service.start().value();
    auto server = webhooks::http::Server::open(service, logins, {.port = 0}).value();
    server.start().value();

    std::atomic<bool> has_failed = false;
    std::thread user([&] {
        try {
            use(site.port(), server.port());
        } catch (const std::exception& error) {
            has_failed = true;
            std::cerr << error.what() << '\n';
        }
    });
    std::vector<std::thread> threads;
#ifndef BOOST_ASIO_DISABLE_THREADS  // With it, a context has one thread.
    threads.emplace_back([&] { context.run(); });
#endif
    context.run();
    for (auto& thread : threads)
        thread.join();
    user.join();
    server.stop(1s);
    service.stop(1s).value();
    std::cout << "received " << site.received() << '\n';
    if (!site.has_ended()) std::cerr << "the signal did not reach the host\n";
    return !has_failed && site.has_ended() && site.received() == R"({"order":42})" ? 0 : 1;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
