// A host with its own HTTP server offers the webhook API on the same port, under its own path and
// with its own login: Boost.Beast reads and writes, a session cookie identifies the user. The
// program then logs in as a browser would, and uses the API.

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/none.hpp>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <webhooks/http/beast.hpp>
#include <webhooks/memory_storage.hpp>
#include <webhooks/testing/fake_transport.hpp>

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;
using Parser = http::request_parser<http::string_body>;

constexpr std::size_t max_own_body = 4096;

/// The host's login: maps the value of the cookie `session` to the user.
class Sessions : public webhooks::http::Authenticator {
public:
    /// @return the cookie.
    std::string log_in(const std::string& user) {
        const std::lock_guard lock(mutex_);
        const std::string token = "token-" + std::to_string(users_.size() + 1);
        users_.emplace("session=" + token, user);
        return "session=" + token;
    }

    webhooks::Result<webhooks::Principal> authenticate(
        const webhooks::http::RequestHead& head) override {
        const std::lock_guard lock(mutex_);
        const auto found = users_.find(webhooks::http::find_field(head.fields, "cookie"));
        if (found != users_.end()) return webhooks::Principal::user(found->second);
        return webhooks::Error(webhooks::Errc::not_found, "Please log in at /login first.");
    }

    std::string challenge() const override { return "Cookie"; }

private:
    std::mutex mutex_;
    std::map<std::string, std::string, std::less<>> users_;
};

/// The rest of the host's site.
Response answer_own(const Request& request, Sessions& sessions) {
    Response response(http::status::not_found, request.version());
    if (request.method() == http::verb::post && request.target() == "/login") {
        response.result(http::status::ok);
        // A real host checks a password here, and uses cookies that cannot be guessed.
        response.set(http::field::set_cookie, sessions.log_in(request.body()));
    }
    response.keep_alive(request.keep_alive());
    response.prepare_payload();
    return response;
}

/// Reads the rest of a request whose head has been read. @return false on error.
bool read_body(tcp::socket& socket, beast::flat_buffer& buffer, Parser& parser, std::size_t limit,
               beast::error_code& error) {
    if (parser.content_length().value_or(0) > limit) {
        error = http::error::body_limit;
        return false;
    }
    if (parser.get()[http::field::expect] == "100-continue") {
        http::response<http::empty_body> go_on(http::status::continue_, 11);
        http::write(socket, go_on, error);
    }
    parser.body_limit(limit);
    http::read(socket, buffer, parser, error);
    return !error;
}

/// Admits a request by its head, and only then reads its body, up to the size that the operation
/// allows. @return with keep_alive unset if the body was not read.
Response answer_api(const webhooks::http::Api& api, tcp::socket& socket, beast::flat_buffer& buffer,
                    Parser& parser, beast::error_code& error) {
    using webhooks::http::Api;
    const unsigned version = parser.get().version();
    const bool keep_alive = parser.keep_alive();
    const std::string address = socket.remote_endpoint().address().to_string();
    auto admitted = api.admit(
        webhooks::http::to_head(parser.get().base(), {.address = address, .certificate = {}}));
    if (auto* rejected = std::get_if<webhooks::http::Response>(&admitted)) {
        return webhooks::http::to_response(std::move(*rejected), version,
                                           keep_alive && parser.is_done());
    }
    auto& admission = std::get<Api::Admission>(admitted);
    if (!read_body(socket, buffer, parser, admission.max_body_bytes(), error)) {
        if (error == http::error::body_limit) error = {};
        return webhooks::http::to_response(Api::reject(413, "The body is too large."), version,
                                           false);
    }
    // Shared: the thread that answers may still use it when this one has the response.
    const auto answered = std::make_shared<std::promise<webhooks::http::Response>>();
    api.answer(std::move(admission), std::move(parser.get().body()),
               [answered](webhooks::http::Response response) {
                   answered->set_value(std::move(response));
               });
    return webhooks::http::to_response(answered->get_future().get(), version, keep_alive);
}

/// A connection that is closed with unread bytes is reset, and the client may lose the response.
/// A real host also has a deadline here, and for each read.
void close_gracefully(tcp::socket& socket) {
    beast::error_code error;
    socket.shutdown(tcp::socket::shutdown_send, error);
    std::array<char, 4096> rest;
    while (!error)
        socket.read_some(boost::asio::buffer(rest), error);
}

/// Serves one connection until the client closes it.
void serve(tcp::socket socket, const webhooks::http::Api& api, Sessions& sessions) {
    beast::flat_buffer buffer;
    for (beast::error_code error; !error;) {
        Parser parser;
        // Otherwise Beast rejects a head with a length above 1 MiB.
        parser.body_limit(boost::none);
        http::read_header(socket, buffer, parser, error);
        if (error) return;
        Response response;
        if (api.serves(parser.get().target())) {
            response = answer_api(api, socket, buffer, parser, error);
        } else if (read_body(socket, buffer, parser, max_own_body, error)) {
            response = answer_own(parser.get(), sessions);
        }
        if (error) return;
        http::write(socket, response, error);
        if (!response.keep_alive()) return close_gracefully(socket);
    }
}

/// A browser that prints what it receives.
class Browser {
public:
    explicit Browser(const tcp::endpoint& server) : socket_(io_) { socket_.connect(server); }

    void send(http::verb method, const std::string& target, const std::string& body = "") {
        Request request(method, target, 11, body);
        request.set(http::field::host, "localhost");
        request.set(http::field::content_type, "application/json");
        if (!cookie_.empty()) request.set(http::field::cookie, cookie_);
        request.prepare_payload();
        http::write(socket_, request);
        Response response;
        http::read(socket_, buffer_, response);
        if (response.count(http::field::set_cookie)) {
            cookie_ = response[http::field::set_cookie];
        }
        std::cout << request.method_string() << ' ' << target << ": " << response.result_int()
                  << ' ' << response.body() << std::endl;
    }

private:
    boost::asio::io_context io_;
    tcp::socket socket_;
    beast::flat_buffer buffer_;
    std::string cookie_;
};

}  // namespace

int main() {
    auto service = webhooks::WebhookService::open(
                       {.storage = webhooks::make_memory_storage(),
                        .transport = std::make_shared<webhooks::testing::FakeTransport>()})
                       .value();
    service.register_event_type({.name = "order.created", .description = "An order"}).value();
    service.start().value();
    const auto sessions = std::make_shared<Sessions>();
    const auto api =
        webhooks::http::Api::make(service, sessions, {.base_path = "/account/webhooks"}).value();

    boost::asio::io_context io;
    tcp::acceptor acceptor(io, {boost::asio::ip::make_address("127.0.0.1"), 0});
    std::thread server([&] { serve(acceptor.accept(), api, *sessions); });
    {
        Browser browser(acceptor.local_endpoint());
        browser.send(http::verb::get, "/account/webhooks/event-types");
        browser.send(http::verb::post, "/login", "alice");
        browser.send(http::verb::get, "/account/webhooks/event-types");
        browser.send(http::verb::post, "/account/webhooks/subscriptions",
                     R"({"subscription":{"name":"mine","eventType":"order.created",)"
                     R"("url":"https://hooks.example.com/"}})");
        browser.send(http::verb::post, "/account/webhooks/events",
                     R"({"eventType":"order.created","payload":{"order":7}})");
        // Only a batch may be this large.
        const std::string large =
            R"({"eventType":"order.created","payload":")" + std::string(900'000, 'x') + "\"}";
        const std::string batch = "{\"events\":[" + large + ',' + large + "]}";
        browser.send(http::verb::post, "/account/webhooks/events/batch", batch);
        browser.send(http::verb::post, "/account/webhooks/events", batch);
    }
    server.join();
}
