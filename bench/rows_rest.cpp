/// Publishing over REST, beside what a trivial server on the same library answers.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <host.hpp>
#include <measure.hpp>
#include <memory>
#include <sink.hpp>
#include <stdexcept>
#include <thread>
#include <webhooks/http/server.hpp>

namespace bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

/// One connection: reads each request whole and answers 202 with a short body.
class Session : public std::enable_shared_from_this<Session> {
public:
    explicit Session(tcp::socket socket) : stream_(std::move(socket)) {
        response_.set(http::field::content_type, "application/json");
        response_.body() = R"({"success":true})";
        response_.prepare_payload();
    }

    void read() {
        request_ = {};
        http::async_read(stream_, buffer_, request_,
                         [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                             if (!error) self->write();
                         });
    }

private:
    void write() {
        http::async_write(
            stream_, response_,
            [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                if (!error) self->read();
            });
    }

    boost::beast::tcp_stream stream_;
    boost::beast::flat_buffer buffer_;
    http::request<http::string_body> request_;
    http::response<http::string_body> response_{http::status::accepted, 11};
};

class TrivialServer {
public:
    TrivialServer() {
        accept();
        thread_ = std::thread([this] { context_.run(); });
    }
    ~TrivialServer() {
        context_.stop();
        thread_.join();
    }
    TrivialServer(const TrivialServer&) = delete;
    TrivialServer& operator=(const TrivialServer&) = delete;

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    void accept() {
        acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
            if (!error) std::make_shared<Session>(std::move(socket))->read();
            accept();
        });
    }

    asio::io_context context_{1};
    tcp::acceptor acceptor_{context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    std::thread thread_;
};

std::string local_url(std::uint16_t port) {
    return "http://127.0.0.1:" + std::to_string(port) + "/v1/webhooks/events";
}

Figures measure(const Bench& bench) {
    const std::string key = "benchmark-of-webhooks";
    const std::string body = R"({"eventType":")" + std::string(event_type) + R"(","userId":")" +
                             user_name(0) + R"(","payload":)" + payload() + "}";
    const auto run = [&](std::uint16_t port) {
        const WrkAnswer answer =
            run_wrk(bench, local_url(port), bench.scale.yardstick, body,
                    {{"Content-Type", "application/json"}, {"x-api-key", key}});
        if (answer.failures > 0) throw std::runtime_error("REST: not all was accepted");
        return answer;
    };
    double trivial_rate = 0;
    {
        const TrivialServer trivial;
        trivial_rate = run(trivial.port()).rate;
    }
    // One subscription in four hosts' stead: what is asked is how fast events are taken.
    const LogShape shape;
    const auto storage = open_log(bench, Place::sqlite, shape);
    webhooks::ApiKeys keys(storage);
    keys.add(administrator(), webhooks::Secret(key)).value();
    Host host(storage, shape, {.max_in_flight_per_host = 64});
    host.warm_up(100);
    auto server = webhooks::http::Server::open(
                      host.service(), webhooks::http::authenticate_by_api_key(keys), {.port = 0})
                      .value();
    server.start().value();
    const Meter meter(bench);
    const WrkAnswer answer = run(server.port());
    Figures figures = meter.rate(answer.requests);
    figures.front().second = answer.rate;
    figures.insert(figures.begin() + 1,
                   {{"ratio_to_beast", answer.rate / trivial_rate},
                    {"wrk_cpu_us", answer.cpu.count() * 1e6 / answer.requests}});
    return figures;
}

}  // namespace

void add_rest_rows(Rows& rows, const Scale&) {
    rows.push_back({.name = "rest",
                    .what = "POST /events on SQLite, each answered once durable, delivered "
                            "meanwhile; ratio_to_beast: to wrk on a trivial Beast server",
                    .measure = measure,
                    .needs_wrk = true});
}

}  // namespace bench
