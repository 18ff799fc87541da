#include <algorithm>
#include <endpoint/bad_ports.hpp>
#include <string>
#include <support/catch.hpp>
#include <webhooks/endpoint.hpp>

using namespace webhooks;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string of_length(std::size_t size) {
    const std::string begin = "https://example.com/";
    return begin + std::string(size - begin.size(), 'x');
}

std::string parse_error(const std::string& text) {
    const auto url = EndpointUrl::parse(text);
    if (url) return "";
    const auto& fields = url.error().fields();
    if (fields.size() != 1 || fields[0].field != "url") return "not one error of \"url\"";
    return fields[0].message;
}

std::string label(std::size_t size) {
    return std::string(size, 'a');
}

}  // namespace

TEST_CASE("a URL is parsed into its canonical form") {
    struct Row {
        const char* text;
        const char* host;
        const char* authority;
        const char* target;
        const char* origin;
    };
    const Row rows[] = {
        {"https://example.com", "example.com", "example.com", "/", "https://example.com:443"},
        {"http://example.com/", "example.com", "example.com", "/", "http://example.com:80"},
        {"HTTPS://Example.COM/Path?Query=A%2f", "example.com", "example.com", "/Path?Query=A%2f",
         "https://example.com:443"},
        {"https://example.com?q", "example.com", "example.com", "/?q", "https://example.com:443"},
        {"https://example.com#f", "example.com", "example.com", "/", "https://example.com:443"},
        {"https://example.com/a#f?b/c", "example.com", "example.com", "/a",
         "https://example.com:443"},
        {"https://example.com?a/b#", "example.com", "example.com", "/?a/b",
         "https://example.com:443"},
        {"https://example.com:443/", "example.com", "example.com", "/", "https://example.com:443"},
        {"http://example.com:443/", "example.com", "example.com:443", "/",
         "http://example.com:443"},
        {"https://example.com:80/", "example.com", "example.com:80", "/", "https://example.com:80"},
        {"https://example.com:/", "example.com", "example.com", "/", "https://example.com:443"},
        {"https://example.com:65535", "example.com", "example.com:65535", "/",
         "https://example.com:65535"},
        {"https://example.com./x", "example.com", "example.com", "/x", "https://example.com:443"},
        {"https://a_b.ex-ample.co1/..//./x", "a_b.ex-ample.co1", "a_b.ex-ample.co1", "/..//./x",
         "https://a_b.ex-ample.co1:443"},
        {"https://XN--bcher-KVA.example", "xn--bcher-kva.example", "xn--bcher-kva.example", "/",
         "https://xn--bcher-kva.example:443"},
        {"https://1.2.3.com/@:[]{}|^`", "1.2.3.com", "1.2.3.com", "/@:[]{}|^`",
         "https://1.2.3.com:443"},
        {"http://localhost:8080/x", "localhost", "localhost:8080", "/x", "http://localhost:8080"},
        {"http://93.184.216.34/", "93.184.216.34", "93.184.216.34", "/", "http://93.184.216.34:80"},
        {"http://93.184.216.34.:81", "93.184.216.34", "93.184.216.34:81", "/",
         "http://93.184.216.34:81"},
        {"http://[2606:4700:0:0::1111]/", "2606:4700::1111", "[2606:4700::1111]", "/",
         "http://[2606:4700::1111]:80"},
        {"https://[2606:4700::1111]:8443", "2606:4700::1111", "[2606:4700::1111]:8443", "/",
         "https://[2606:4700::1111]:8443"},
        {"https://[2606:4700::1111]:/", "2606:4700::1111", "[2606:4700::1111]", "/",
         "https://[2606:4700::1111]:443"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const auto url = EndpointUrl::parse(row.text);
        REQUIRE(url);
        CHECK(url->host() == row.host);
        CHECK(url->authority() == row.authority);
        CHECK(url->target() == row.target);
        CHECK(url->origin() == row.origin);
        CHECK(url->is_https() == (std::string(row.origin).rfind("https:", 0) == 0));
        CHECK(url->host_is_address() == IpAddress::parse(row.host).has_value());
    }
}

TEST_CASE("a port is the one written, or the scheme's default") {
    CHECK(EndpointUrl::parse("http://example.com")->port() == 80);
    CHECK(EndpointUrl::parse("https://example.com")->port() == 443);
    CHECK(EndpointUrl::parse("https://example.com:8443")->port() == 8443);
}

TEST_CASE("an invalid URL is rejected with what would be valid") {
    struct Row {
        const char* message;
        std::vector<std::string> texts;
    };
    const Row rows[] = {
        {"must be an absolute http or https URL",
         {"", "/path", "//example.com/", "ftp://example.com", "ws://example.com",
          "file:///etc/passwd", "gopher://example.com", "://example.com"}},
        {"must be an absolute http or https URL; begin it with https://",
         {"example.com", "example.com:8080/hook", "http:example.com", "http:/example.com", "https",
          "https:", "javascript:alert(1)", "unix:/var/run/docker.sock", "http//x.y"}},
        {"must be an absolute http or https URL with a host",
         {"http://", "https:///path", "https://?q", "https://#f"}},
        {"must be printable ASCII",
         {"https://example.com/a b", " https://example.com", "https://example.com ",
          "https://exam\tple.com", "https://example.com/\n", "https://example.com\r\n",
          "https://example.com/?a=\"", "https://example.com/<b>", "https://example.com/#a>",
          "https://example.com\\@evil.com", "https:\\\\example.com", "https://example.com/a\\b",
          "https://b\xc3\xbc"
          "cher.example",
          "https://example.com/\xc3\xbc", "https://example.com/\x7f", "https://example.com/\x01",
          std::string("https://example.com/\0", 21), "https://example.com/#\xff"}},
        {"two hexadecimal digits",
         {"https://example.com/%", "https://example.com/%1", "https://example.com/%zz",
          "https://example.com/%1g", "https://example.com/?a=%", "https://example.com/#%x",
          "https://example.com/%20%2"}},
        {"user name",
         {"https://user@example.com", "https://user:pw@example.com", "https://@example.com",
          "https://example.com@evil.example", "https://:@example.com"}},
        {"% escapes",
         {"https://ex%61mple.com", "https://127.0.0.1%2f.example.com", "http://[fe80::1%25eth0]/",
          "https://example.com:%38443"}},
        {"must have a port",
         {"https://example.com:0", "https://example.com:65536", "https://example.com:080",
          "https://example.com:-1", "https://example.com:+80", "https://example.com:8x",
          "https://example.com:99999999999999999999", "https://example.com:80:80",
          "https://[2606:4700::1]:0", "https://example.com:0x50"}},
        {"host name",
         {"https://.",
          "https://..",
          "https://.example.com",
          "https://example..com",
          "https://example.com..",
          "https://-a.example.com",
          "https://a-.example.com",
          "https://example.-com",
          "https://exam!ple.com",
          "https://exam*ple.com",
          "https://a,b.com",
          "https://xn--.com",
          "https://a.XN--",
          "https://a.xn--.b",

          "https://xn--99999999.com",
          "https://xn--a.com",
          "https://xn--a-b_c.com",
          "https://a.xn--bcher-kv.example",
          "https://xn--0000h.com",
          "https://example.1com",
          "https://example._com",
          "https://(a).com",
          "https://a.b~c",
          "https://:80"}},
        // Spellings that a resolver would take for an address.
        {"IPv4 address of four decimal numbers",
         {"http://2130706433", "http://0x7f.1",       "http://0x7f000001",  "http://127.1",
          "http://0",          "http://0/",           "http://1.2.3",       "http://1.2.3.4.5",
          "http://01.2.3.4",   "http://1.2.3.04",     "http://0177.0.0.1",  "http://256.1.1.1",
          "http://1.2.3.256",  "http://127.0.0.0x1",  "http://example.0x1", "http://example.1",
          "http://1.2.3.4..",  "http://017700000001", "http://127.0.0.1.0", "http://0x7f.0.0.1"}},
        {"IPv6 address in brackets",
         {"http://[::1", "http://[::1]x", "http://[]", "http://[::1].", "http://[1.2.3.4]",
          "http://[v1.fe80]", "http://[example.com]", "http://[::g]", "http://[::1]]", "http://]",
          "http://::1/", "http://[fe80::1]80"}},
        {"must write an IPv4 address as four decimal numbers",
         {"http://[::ffff:8.8.8.8]", "http://[::ffff:7f00:1]",
          "http://[0:0:0:0:0:FFFF:127.0.0.1]"}},
    };
    for (const Row& row : rows) {
        for (const std::string& text : row.texts) {
            CAPTURE(text);
            CHECK_THAT(parse_error(text), ContainsSubstring(row.message));
        }
    }
}

TEST_CASE("lengths of URLs, names and labels have their limits") {
    CHECK(parse_error(of_length(2048)).empty());
    CHECK(parse_error(of_length(2049)) == "must be at most 2048 bytes long");
    CHECK(parse_error("https://" + label(63) + ".example.com").empty());
    CHECK_FALSE(parse_error("https://" + label(64) + ".example.com").empty());
    const std::string name = label(63) + '.' + label(63) + '.' + label(63) + '.' + label(61);
    CHECK(parse_error("https://" + name).empty());
    CHECK(parse_error("https://" + name + '.').empty());
    CHECK_FALSE(parse_error("https://" + name + 'a').empty());
}

TEST_CASE("exactly the ports of other protocols are rejected") {
    CHECK(std::ranges::is_sorted(endpoint::bad_ports));
    int rejected = 0;
    for (int port = 1; port <= 65535; ++port) {
        const std::string error = parse_error("https://example.com:" + std::to_string(port));
        if (!error.empty()) ++rejected;
    }
    CHECK(rejected == 82);
    for (const char* port : {"1", "22", "25", "53", "110", "143", "161", "389", "465", "587", "993",
                             "1720", "2049", "4190", "5060", "6000", "6667", "6679", "10080"}) {
        CAPTURE(port);
        CHECK_THAT(parse_error(std::string("https://example.com:") + port),
                   ContainsSubstring("another protocol"));
    }
    for (const char* port : {"80", "81", "443", "591", "3000", "3306", "5432", "6379", "8080"}) {
        CAPTURE(port);
        CHECK(parse_error(std::string("https://example.com:") + port).empty());
    }
}
