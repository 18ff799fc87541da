// webhooks-receiver: the receiving end of a webhook. It accepts each POST, verifies its signature
// with the shared secret or the sender's public key, prints it, and responds 204, or 400 if the
// signature is invalid.

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <webhooks/signature.hpp>

namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using Request = http::request<http::string_body>;

constexpr std::string_view usage =
    R"(Receives webhooks, verifies their signatures and prints them.

  webhooks-receiver [--listen ADDRESS:PORT] [--secret SECRET] [--fail N]

  --listen ADDRESS:PORT  where to listen; port 0 picks a free one (127.0.0.1:9000)
  --secret SECRET        the subscription's secret, or the whpk_ public key of a whsk_ one; else
                         taken from WEBHOOKS_SECRET
  --fail N               answer 503 to the first N webhooks, to see them again
)";

struct Options {
    tcp::endpoint address{boost::asio::ip::make_address("127.0.0.1"), 9000};
    webhooks::Secret secret;
    std::atomic<std::int64_t> failures_left = 0;
};

/// @return nullopt if it is not such a number.
template <class Number>
std::optional<Number> read_number(std::string_view text) {
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// @param text e.g. "127.0.0.1:9000" or "[::1]:9000". @return nullopt if it is not an address.
std::optional<tcp::endpoint> read_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == text.npos) return std::nullopt;
    const auto port = read_number<std::uint16_t>(text.substr(colon + 1));
    std::string host(text.substr(0, colon));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(host, error);
    if (error || !port) return std::nullopt;
    return tcp::endpoint(address, *port);
}

webhooks::Result<> verify(const Request& request, const webhooks::Secret& secret) {
    const auto header = [&](std::string_view name) { return std::string(request[name]); };
    const std::string id = header("webhook-id");
    const std::string timestamp = header("webhook-timestamp");
    const std::string signature = header("webhook-signature");
    const auto now =
        std::chrono::time_point_cast<webhooks::Time::duration>(std::chrono::system_clock::now());
    return webhooks::verify(
        secret, {.id = id, .timestamp = timestamp, .signature = signature, .body = request.body()},
        now);
}

void print(const Request& request, const webhooks::Result<>& verdict) {
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    std::cout << request["webhook-id"] << "  "
              << (verdict ? "signature verified" : "NOT VERIFIED: " + verdict.error().detail())
              << "  " << request[http::field::content_type] << '\n'
              << request.body() << "\n\n"
              << std::flush;
}

http::status judge(const Request& request, Options& options) {
    if (request.method() != http::verb::post) return http::status::method_not_allowed;
    const auto verdict = verify(request, options.secret);
    print(request, verdict);
    if (options.failures_left > 0 && options.failures_left.fetch_sub(1) > 0) {
        return http::status::service_unavailable;
    }
    return verdict ? http::status::no_content : http::status::bad_request;
}

/// Serves one connection until the other side closes it. A sender keeps several open at once.
void serve(tcp::socket socket, Options& options) {
    boost::beast::flat_buffer buffer;
    boost::system::error_code error;
    while (!error) {
        Request request;
        http::read(socket, buffer, request, error);
        if (error) return;
        http::response<http::empty_body> response(judge(request, options), 11);
        response.keep_alive(request.keep_alive());
        response.prepare_payload();
        http::write(socket, response, error);
        if (!request.keep_alive()) return;
    }
}

/// @return an error message, empty if the flag and its value are valid.
std::string read_flag(const std::string& flag, const char* value, Options& options) {
    if (flag != "--secret" && flag != "--fail" && flag != "--listen") {
        return flag + ": is not recognized; see --help";
    }
    if (value == nullptr) return flag + ": needs a value";
    if (flag == "--secret") {
        options.secret = webhooks::Secret(value);
    } else if (flag == "--fail") {
        const auto number = read_number<unsigned>(value);
        if (!number) return flag + ": '" + value + "' is not a whole number, 0 or more";
        options.failures_left = *number;
    } else {
        const auto address = read_address(value);
        if (!address) return flag + ": '" + value + "' is not ADDRESS:PORT, e.g. 127.0.0.1:9000";
        options.address = *address;
    }
    return "";
}

/// @return an error message, empty if all flags are valid.
std::string read(int count, char** arguments, Options& options) {
    const char* const secret = std::getenv("WEBHOOKS_SECRET");
    if (secret != nullptr) options.secret = webhooks::Secret(secret);
    for (int i = 1; i < count; i += 2) {
        auto error = read_flag(arguments[i], arguments[i + 1], options);
        if (!error.empty()) return error;
    }
    if (options.secret.empty()) {
        return "--secret: is needed, or WEBHOOKS_SECRET: the subscription's secret";
    }
    auto checked = webhooks::check_verification_key(options.secret);
    return checked ? "" : "--secret: " + checked.error().fields().front().message;
}

/// Serves until the process ends. @return why it cannot.
std::string listen(Options& options) {
    boost::asio::io_context context;
    tcp::acceptor acceptor(context);
    boost::system::error_code error;
    acceptor.open(options.address.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(options.address, error);
    if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
    std::ostringstream address;
    address << options.address;
    if (error) return "cannot listen on " + address.str() + ": " + error.message();
    std::cout << "listening on http://" << acceptor.local_endpoint() << "/" << std::endl;
    for (;;) {
        std::thread(serve, acceptor.accept(), std::ref(options)).detach();
    }
}

}  // namespace

int main(int count, char** arguments) try {
    if (count == 2 && std::string_view(arguments[1]) == "--help") {
        std::cout << usage;
        return 0;
    }
    Options options;
    if (auto error = read(count, arguments, options); !error.empty()) {
        std::cerr << "webhooks-receiver: " << error << '\n';
        return 2;
    }
    std::cerr << "webhooks-receiver: " << listen(options) << '\n';
    return 1;
} catch (const std::exception& error) {
    std::cerr << "webhooks-receiver: " << error.what() << '\n';
    return 1;
}
