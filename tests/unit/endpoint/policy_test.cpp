#include <string>
#include <support/catch.hpp>
#include <webhooks/endpoint.hpp>

using namespace webhooks;

namespace {

/// Empty if the URL may be saved.
std::string whole_error_of(const std::string& text, const EndpointPolicy& policy = {}) {
    const auto url = EndpointUrl::parse(text);
    if (!url) return "does not parse";
    const auto result = check_url(*url, policy);
    if (result) return "";
    CHECK(result.error() == Errc::invalid_argument);
    REQUIRE(result.error().fields().size() == 1);
    CHECK(result.error().fields()[0].field == "url");
    return result.error().fields()[0].message;
}

/// Without the advice.
std::string error_of(const std::string& text, const EndpointPolicy& policy = {}) {
    const std::string error = whole_error_of(text, policy);
    return error.substr(0, error.find(':'));
}

EndpointPolicy allowing(const char* network, const char* host = nullptr) {
    EndpointPolicy policy;
    if (network) policy.allowed_networks = {Network::parse(network).value()};
    if (host) policy.allowed_hosts = {host};
    return policy;
}

const std::string rejection = "address not allowed";

}  // namespace

TEST_CASE("the rejection of a URL says what its user can do, without the names of settings") {
    for (const char* url : {"http://localhost/", "http://intranet/", "http://a.internal/"}) {
        CHECK(whole_error_of(url).starts_with("address not allowed: the name is reserved"));
    }
    for (const char* url : {"http://127.0.0.1/", "http://[fd00::1]/"}) {
        CHECK(whole_error_of(url).starts_with("address not allowed: it is not public"));
    }
    for (const char* url : {"http://localhost/", "http://127.0.0.1/"}) {
        CHECK(whole_error_of(url).ends_with("ask the operator of this service to allow it"));
        CHECK(whole_error_of(url).find('_') == std::string::npos);
    }
}

TEST_CASE("public names and addresses are accepted") {
    for (const char* text :
         {"https://example.com", "http://hooks.example.co.uk/x", "http://93.184.216.34",
          "http://[2606:4700::1111]", "https://localhost.example.com", "https://mylocalhost.com",
          "https://internal.example.com", "https://a.testing", "https://notlocal.dev",
          "https://metadata.example.com", "https://arpa.example.com", "https://xn--p1ai.xn--p1ai",
          "https://alternate.mail", "https://a.homes"}) {
        CAPTURE(text);
        CHECK(error_of(text).empty());
    }
}

TEST_CASE("reserved names and their subdomains are rejected, in any case and with a trailing dot") {
    for (const char* name : {"localhost",
                             "local",
                             "localdomain",
                             "internal",
                             "svc",
                             "lan",
                             "home",
                             "corp",
                             "intranet",
                             "private",
                             "home.arpa",
                             "onion",
                             "test",
                             "invalid",
                             "alt",
                             "arpa",
                             "in-addr.arpa",
                             "metadata.goog",
                             "metadata.google.internal",
                             "metadata.tencentyun.com",
                             "metadata.packet.net"}) {
        CAPTURE(name);
        const std::string text = name;
        CHECK(error_of("https://" + text) == rejection);
        CHECK(error_of("https://" + text + "./") == rejection);
        if (text.rfind("metadata.", 0) == 0) continue;
        CHECK(error_of("https://a." + text) == rejection);
        CHECK(error_of("https://A.b." + text + ".:8443/x") == rejection);
    }
    CHECK(error_of("https://LocalHost") == rejection);
    CHECK(error_of("https://Metadata.Google.Internal") == rejection);
    CHECK(error_of("https://printer.LOCAL") == rejection);
}

TEST_CASE("a single-label name is rejected") {
    for (const char* text : {"https://intra", "https://db:8443/", "https://com", "https://host."}) {
        CAPTURE(text);
        CHECK(error_of(text) == rejection);
    }
}

TEST_CASE("a literal address is checked when the URL is saved") {
    for (const char* text :
         {"http://127.0.0.1", "http://127.0.0.1.", "http://10.0.0.1:8080/",
          "http://169.254.169.254", "http://0.0.0.0", "http://255.255.255.255", "http://[::1]",
          "http://[fe80::1]", "http://[fd00::1]", "http://[64:ff9b::7f00:1]",
          "http://[2002:7f00:1::]", "http://[2001:db8::1]", "http://[::127.0.0.1]"}) {
        CAPTURE(text);
        CHECK(error_of(text) == rejection);
    }
}

TEST_CASE("an allowed network accepts only the literal addresses inside it") {
    const EndpointPolicy policy = allowing("127.0.0.0/8");
    CHECK(error_of("http://127.0.0.1:8080/x", policy).empty());
    CHECK(error_of("http://10.0.0.1/", policy) == rejection);
    CHECK(error_of("http://[::1]/", policy) == rejection);
    CHECK(error_of("http://[::1]/", allowing("::1/128")).empty());
    CHECK(error_of("http://[64:ff9b::808:808]/", allowing("64:ff9b::/96")).empty());
    CHECK(error_of("http://localhost/", policy) == rejection);
}

TEST_CASE("an allowed host accepts exactly its name, in any case") {
    CHECK(error_of("http://localhost:8080", allowing(nullptr, "localhost")).empty());
    CHECK(error_of("http://LOCALHOST", allowing(nullptr, "LocalHost")).empty());
    CHECK(error_of("http://localhost./", allowing(nullptr, "localhost")).empty());
    CHECK(error_of("http://receiver", allowing(nullptr, "receiver")).empty());
    CHECK(error_of("http://a.localhost", allowing(nullptr, "localhost")) == rejection);
    CHECK(error_of("http://127.0.0.1", allowing(nullptr, "127.0.0.1")) == rejection);
}

TEST_CASE("the address of an allowed host must be allowed itself") {
    const IpAddress loopback = IpAddress::parse("127.0.0.1").value();
    CHECK_FALSE(check_address(loopback, allowing(nullptr, "localhost")));
    CHECK(check_address(loopback, allowing("127.0.0.0/8", "localhost")));
}

TEST_CASE("invalid syntax is rejected, whatever is allowed") {
    EndpointPolicy policy = allowing("0.0.0.0/0", "127.1");
    policy.allowed_networks.push_back(Network::parse("::/0").value());
    CHECK(error_of("http://127.1", policy) == "does not parse");
    CHECK(error_of("http://[::ffff:127.0.0.1]", policy) == "does not parse");
    CHECK(error_of("http://127.0.0.1:22", policy) == "does not parse");
}

TEST_CASE("http is rejected by option") {
    EndpointPolicy policy = allowing(nullptr, "localhost");
    policy.https_only = true;
    CHECK(error_of("http://example.com", policy) == "must be an https URL");
    CHECK(error_of("http://localhost", policy) == "must be an https URL");
    CHECK(error_of("https://example.com", policy).empty());
}

TEST_CASE("a pattern allows all names below its host, and neither the host nor others") {
    const EndpointPolicy policy{.allowed_hosts = {"*.SVC.cluster.local"}};
    CHECK(error_of("https://a.svc.cluster.local", policy).empty());
    CHECK(error_of("https://a.b.Svc.cluster.local/x", policy).empty());
    for (const char* name : {"svc.cluster.local", "xsvc.cluster.local", "a.cluster.local"}) {
        CHECK(error_of("https://" + std::string(name), policy) == rejection);
    }
}

TEST_CASE("a policy with entries that have no effect is rejected") {
    struct Row {
        EndpointPolicy policy;
        std::string field;
    };
    const auto v4 = [](std::initializer_list<std::uint8_t> bytes, int length) {
        Network network{.base = {}, .prefix_length = length};
        std::copy(bytes.begin(), bytes.end(), network.base.bytes);
        return network;
    };
    const Row rows[] = {
        {{.allowed_hosts = {"*"}}, "allowed_hosts"},
        {{.allowed_hosts = {"*."}}, "allowed_hosts"},
        {{.allowed_hosts = {"a.*.local"}}, "allowed_hosts"},
        {{.allowed_hosts = {"*local"}}, "allowed_hosts"},
        {{.allowed_hosts = {""}}, "allowed_hosts"},
        {{.allowed_hosts = {"localhost."}}, "allowed_hosts"},
        {{.allowed_hosts = {"localhost:80"}}, "allowed_hosts"},
        {{.allowed_hosts = {"http://localhost"}}, "allowed_hosts"},
        {{.allowed_hosts = {"127.0.0.1"}}, "allowed_hosts"},
        {{.allowed_hosts = {"[::1]"}}, "allowed_hosts"},
        {{.allowed_hosts = {"hooks.example.com"}}, "allowed_hosts"},
        {{.allowed_hosts = {"*.example.com"}}, "allowed_hosts"},
        {{.allowed_networks = {v4({10, 1, 0, 0}, 8)}}, "allowed_networks"},
        {{.allowed_networks = {v4({10, 0, 0, 0}, 33)}}, "allowed_networks"},
        {{.allowed_networks = {v4({10, 0, 0, 0}, -1)}}, "allowed_networks"},
        {allowing("8.8.8.0/24"), "allowed_networks"},
        {allowing("2606:4700::/32"), "allowed_networks"},
        {allowing("::ffff:127.0.0.0/104"), "allowed_networks"},
    };
    for (const Row& row : rows) {
        const auto result = check_policy(row.policy);
        REQUIRE(result.has_error());
        REQUIRE(result.error().fields().size() == 1);
        CHECK(result.error().fields()[0].field == row.field);
    }
}

TEST_CASE("a policy that allows what is otherwise rejected is valid") {
    for (const char* host : {"localhost", "LOCALHOST", "*.localhost", "intranet",
                             "*.svc.cluster.local", "metadata.google.internal", "metadata.goog"}) {
        CAPTURE(host);
        CHECK(check_policy({.allowed_hosts = {host}}));
    }
    for (const char* network :
         {"127.0.0.0/8", "0.0.0.0/0", "8.0.0.0/5", "::1/128", "fd00::/8", "::/0", "64:ff9b::/96"}) {
        CAPTURE(network);
        CHECK(check_policy(allowing(network)));
    }
}
