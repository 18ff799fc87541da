/// Publishing over REST, relative to a trivial server on the same library.

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

/// One connection: reads each request completely and responds 202 with a short body.
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

const std::string operator_key = "benchmark-of-webhooks";

WrkAnswer post(const Bench& bench, std::uint16_t port, const std::string& path,
               const std::string& body, int connections = 64,
               const std::string& api_key = operator_key) {
    const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/v1/webhooks" + path;
    const WrkAnswer answer =
        run_wrk(bench, url, bench.scale.yardstick, body,
                {{"Content-Type", "application/json"}, {"x-api-key", api_key}}, connections);
    if (answer.failures > 0) throw std::runtime_error("REST: not all was accepted");
    return answer;
}

/// @param user the owner of the subscriptions: user_name(0) has one.
std::string event_of(const std::string& user) {
    return R"({"eventType":")" + std::string(event_type) + R"(","userId":")" + user +
           R"(","payload":)" + payload() + "}";
}

std::string batch_of(const std::string& user) {
    std::string text = R"({"events":[)";
    for (std::size_t i = 0; i < webhooks::max_publications_in_batch; ++i) {
        text.append(i > 0 ? "," : "").append(event_of(user));
    }
    return text + "]}";
}

/// A host on SQLite with its REST server.
class RestHost {
public:
    explicit RestHost(const Bench& bench, const webhooks::EncryptionOptions& encryption = {})
        : storage_(open_log(bench, Place::sqlite, shape_, encryption)) {
        keys_.add(administrator(), webhooks::Secret(operator_key)).value();
        host_.warm_up(100);
        server_.start().value();
    }

    std::uint16_t port() const { return server_.port(); }

    /// A key with which its user can publish and nothing else, at a limited rate.
    std::string make_publisher_key() {
        const webhooks::RequestRate rate{.per_second = webhooks::max_requests_per_second};
        const webhooks::CreatedApiKey made =
            keys_
                .create(administrator(), {.name = "bench",
                                          .user_id = user_name(0),
                                          .permissions = webhooks::Permissions::publisher(),
                                          .rate = rate})
                .value();
        return std::string(made.key.reveal());
    }

    /// Returns when everything accepted is delivered. Nothing is accepted afterwards.
    void finish() {
        server_.stop(std::chrono::seconds(10));
        host_.wait_for_all();
    }

private:
    const LogShape shape_;
    std::shared_ptr<webhooks::Storage> storage_;
    webhooks::ApiKeys keys_{storage_};
    // One subscription with the limit of four hosts: this measures how fast events are accepted.
    Host host_{storage_, shape_, {.max_in_flight_per_host = 64}};
    webhooks::http::Server server_ =
        webhooks::http::Server::open(host_.service(),
                                     webhooks::http::authenticate_by_api_key(keys_), {.port = 0})
            .value();
};

Figures measure(const Bench& bench) {
    const std::string body = event_of(user_name(0));
    double trivial_rate = 0;
    {
        const TrivialServer trivial;
        trivial_rate = post(bench, trivial.port(), "/events", body).rate;
    }
    RestHost rest(bench);
    const Meter meter(bench);
    const WrkAnswer answer = post(bench, rest.port(), "/events", body);
    rest.finish();
    Figures figures = meter.rate(answer.requests);
    figures.front().second = answer.rate;
    figures.insert(figures.begin() + 1,
                   {{"ratio_to_beast", answer.rate / trivial_rate},
                    {"wrk_cpu_us", answer.cpu.count() * 1e6 / answer.requests}});
    return figures;
}

/// Publications of one user, with a key that may do everything, or one that is limited while
/// everything that is stored is encrypted.
Figures measure_limited(const Bench& bench, bool is_limited) {
    RestHost rest(bench, is_limited ? encrypting_everything() : webhooks::EncryptionOptions{});
    const std::string key = is_limited ? rest.make_publisher_key() : operator_key;
    const Meter meter(bench);
    const WrkAnswer answer = post(bench, rest.port(), "/events", event_of(user_name(0)), 64, key);
    rest.finish();
    Figures figures = meter.rate(answer.requests);
    figures.front().second = answer.rate;
    return figures;
}

Figures measure_limits(const Bench& bench) {
    return compare_with_plain([&] { return measure_limited(bench, false); },
                              [&] { return measure_limited(bench, true); });
}

/// The cost of an event from one client, alone or in a batch: the time until its response, and the
/// CPU time until its delivery.
struct Cost {
    double micros = 0;
    double cpu_micros = 0;
};

Cost cost_of(const Bench& bench, const std::string& path, const std::string& body,
             std::size_t events) {
    RestHost rest(bench);
    const Meter meter(bench);
    const WrkAnswer answer = post(bench, rest.port(), path, body, 1);
    rest.finish();
    const double all = answer.requests * static_cast<double>(events);
    return {.micros = 1e6 / (answer.rate * static_cast<double>(events)),
            .cpu_micros = meter.cpu_us(all)};
}

Figures measure_batch(const Bench& bench) {
    const auto compare = [&](const std::string& user) {
        return std::pair(
            cost_of(bench, "/events", event_of(user), 1),
            cost_of(bench, "/events/batch", batch_of(user), webhooks::max_publications_in_batch));
    };
    const auto [single, batch] = compare(user_name(0));
    const auto [unmatched, unmatched_batch] = compare("nobody");
    return {{"rate", 1e6 / batch.micros},
            {"cpu_us", batch.cpu_micros},
            {"vs_single", single.micros / batch.micros},
            {"cpu_vs_single", single.cpu_micros / batch.cpu_micros},
            {"vs_single_unmatched", unmatched.micros / unmatched_batch.micros},
            {"cpu_vs_single_unmatched", unmatched.cpu_micros / unmatched_batch.cpu_micros}};
}

}  // namespace

void add_rest_rows(Rows& rows, const Scale&) {
    rows.push_back({.name = "rest",
                    .what = "POST /events on SQLite, each answered once durable, delivered "
                            "meanwhile; ratio_to_beast: to wrk on a trivial Beast server",
                    .measure = measure,
                    .targets = {{.figure = "ratio_to_beast", .bar = 0.35, .aim = 0.60},
                                {.figure = "cpu_us", .bar = 30, .aim = 18, .is_at_most = true}},
                    .needs_wrk = true});
    rows.push_back({.name = "rest-limited",
                    .what = "as rest, with a key that can only publish, at a limited rate, and "
                            "with encryption; of_plain: relative to the same without these, "
                            "measured in turns",
                    .measure = measure_limits,
                    .targets = {{.figure = "of_plain", .bar = 0.95, .aim = 1.0}},
                    .needs_wrk = true});
    rows.push_back({.name = "rest-batch",
                    .what =
                        "POST /events/batch of 1,000 by one client; vs_single: how many times as "
                        "long 1,000 of its POST /events take",
                    .measure = measure_batch,
                    .targets = {{.figure = "vs_single", .bar = 20, .aim = 20}},
                    .needs_wrk = true});
}

}  // namespace bench
