// Documents that are read by GET.

#include <support/catch.hpp>
#include <support/certificates.hpp>
#include <webhooks/http_transport.hpp>

#include "receiver.hpp"

using namespace webhooks;
using namespace webhooks::testing;
using namespace std::chrono_literals;

namespace {

const EndpointPolicy loopback{
    .allowed_networks = {Network::parse("127.0.0.0/8").value(), Network::parse("::1/128").value()},
    .allowed_hosts = {"localhost"}};

/// A site over TLS that sends the same response to every request.
struct Site {
    explicit Site(std::string text)
        : receiver(
              [this, response = std::move(text)](Peer& peer, int) {
                  request = peer.read_request();
                  peer.send(response);
              },
              context.get()) {}

    Result<std::string> fetch(const EndpointPolicy& policy = loopback) {
        const auto fetcher =
            make_document_fetcher({.attempt_timeout = 10s, .ca_file = authority.file()}, policy)
                .value();
        return fetcher->fetch("https://localhost:" + std::to_string(receiver.port()) + "/keys?a=1");
    }

    ThrowawayAuthority authority;
    ServerContext context = authority.server("DNS:localhost");
    std::string request;
    Receiver receiver;
};

std::string document_of(const std::string& body, const std::string& status = "200 OK") {
    return "HTTP/1.1 " + status + "\r\ncontent-length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("a document is read by GET, whole") {
    for (const std::size_t size : {0, 2, 5'000, 60'000}) {
        Site site(document_of(std::string(size, 'k')));
        CHECK(site.fetch().value() == std::string(size, 'k'));
        CHECK(site.request.starts_with("GET /keys?a=1 HTTP/1.1\r\nhost: localhost:"));
        CHECK(site.request.ends_with("\r\n\r\n"));
        CHECK(site.request.find("webhook") == site.request.find("webhooks/"));
        CHECK(site.request.find("content-") == std::string::npos);
    }
}

TEST_CASE("a redirect of a document is not followed, and other statuses are errors") {
    Site moved(
        "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n");
    CHECK(moved.fetch().error().detail() == "the response is a redirect, which is not followed");
    Site missing(document_of("{}", "404 Not Found"));
    CHECK(missing.fetch().error().detail() == "the response has status 404");
}

TEST_CASE("a document is read only from where deliveries may go, by https") {
    Site site(document_of("{}"));
    const auto denied = site.fetch({.allowed_hosts = {"localhost"}});
    CHECK(denied.error().detail().starts_with("address not allowed"));
    CHECK(site.receiver.connections() == 0);
    const auto fetcher = make_document_fetcher({}, loopback).value();
    const auto untrusted =
        fetcher->fetch("https://localhost:" + std::to_string(site.receiver.port()) + "/");
    CHECK(untrusted.error() == Errc::unavailable);
    CHECK_FALSE(fetcher->fetch(site.receiver.url()));
    CHECK_FALSE(fetcher->fetch("file:///etc/passwd"));
}
