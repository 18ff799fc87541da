#include <target.hpp>

#include "request_verdict.hpp"

using namespace webhooks::http;
using State = RequestReader::State;

namespace {

Request parse(std::string_view text) {
    RequestReader reader;
    read(reader, text);
    REQUIRE(reader.state() == State::complete);
    return reader.take();
}

}  // namespace

TEST_CASE("each framing gets its verdict, wherever it is split") {
    const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n";
    const auto c = GENERATE_COPY(values<RequestCase>({
        {"plain", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"1.0", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", 0},
        {"one empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"unfinished", "GET / HTTP/1.1\r\nHost: a\r\n", -1},
        {"1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400},
        {"2.0", "PRI * HTTP/2.0\r\n\r\n", 400},
        {"0.9", "GET /\r\n", -1},
        {"0.9 with an empty line", "GET /\r\n\r\n", 400},
        {"version in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
        {"no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"method is not a token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"NUL in the target", std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 29), 400},
        {"DEL in the target", "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"asterisk without OPTIONS", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"fragment in the target", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"byte beyond ASCII in the target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"absolute form", "GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"absolute form without host", "GET http:///b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"other scheme", "GET ftp://a/b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"only LF", "GET / HTTP/1.1\nHost: a\n\n", 400},
        {"only LF after a field", "GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
        {"CR within a line", with("X: a\rb\r\n\r\n"), 400},
        {"two CR", with("X: a\r\r\n\r\n"), 400},
        {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"no Host in 1.0", "GET / HTTP/1.0\r\n\r\n", 400},
        {"two Hosts", with("Host: a\r\n\r\n"), 400},
        {"two values of Host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"port in Host", "GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", 0},
        {"IPv6 in Host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0},
        {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0},
        {"escape in Host", "GET / HTTP/1.1\r\nHost: a%2db\r\n\r\n", 0},
        {"port in Host that is not a number", "GET / HTTP/1.1\r\nHost: h:abc\r\n\r\n", 400},
        {"open bracket in Host", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
        {"no address in brackets", "GET / HTTP/1.1\r\nHost: [a]\r\n\r\n", 400},
        {"zone in Host", "GET / HTTP/1.1\r\nHost: [fe80::1%eth0]\r\n\r\n", 400},
        {"two hosts in Host", "GET / HTTP/1.1\r\nHost: a:1,b:2\r\n\r\n", 400},
        {"broken escape in Host", "GET / HTTP/1.1\r\nHost: h%zz\r\n\r\n", 400},
        {"path in Host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        {"folded line", with("X: a\r\n b\r\n\r\n"), 400},
        {"folded first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        {"field without colon", with("X\r\n\r\n"), 400},
        {"field without name", with(": a\r\n\r\n"), 400},
        {"space before the colon", with("X : a\r\n\r\n"), 400},
        {"NUL in a value", with(std::string("X: \0\r\n\r\n", 8)), 400},
        {"tab in a value", with("X: a\tb\r\n\r\n"), 0},
        {"empty value", with("X:\r\n\r\n"), 0},
        {"length", with("Content-Length: 2\r\n\r\nab"), 0},
        {"length, half there", with("Content-Length: 2\r\n\r\na"), -1},
        {"length 0", with("Content-Length: 0\r\n\r\n"), 0},
        {"length with sign", with("Content-Length: +2\r\n\r\nab"), 400},
        {"negative length", with("Content-Length: -2\r\n\r\nab"), 400},
        {"hexadecimal length", with("Content-Length: 0x2\r\n\r\nab"), 400},
        {"empty length", with("Content-Length:\r\n\r\n"), 400},
        {"list of lengths", with("Content-Length: 2, 2\r\n\r\nab"), 400},
        {"two equal lengths", with("Content-Length: 2\r\nContent-Length: 2\r\n\r\nab"), 400},
        {"two lengths", with("Content-Length: 2\r\nContent-Length: 3\r\n\r\nab"), 400},
        {"largest body", with("Content-Length: 64\r\n\r\n" + std::string(64, 'x')), 0},
        {"one byte too many", with("Content-Length: 65\r\n\r\n"), 413},
        {"length beyond 64 bits", with("Content-Length: 18446744073709551618\r\n\r\n"), 400},
        {"chunks", with(chunked + "2\r\nab\r\n1;x=\"y\"\r\nc\r\n0\r\n\r\n"), 0},
        {"chunks in capitals", with("TRANSFER-ENCODING: Chunked\r\n\r\n0\r\n\r\n"), 0},
        {"gzip, chunked", with("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 400},
        {"chunked, identity", with("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"), 400},
        {"identity", with("Transfer-Encoding: identity\r\n\r\n"), 400},
        {"xchunked", with("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), 400},
        {"empty encoding", with("Transfer-Encoding:\r\n\r\n"), 400},
        {"chunked with vertical tab",
         with("Transfer-Encoding: \x0b"
              "chunked\r\n\r\n"),
         400},
        {"chunked twice", with("Transfer-Encoding: chunked\r\n" + chunked + "0\r\n\r\n"), 400},
        {"chunked and length", with("Content-Length: 5\r\n" + chunked + "0\r\n\r\n"), 400},
        {"length 0 and chunked", with("Content-Length: 0\r\n" + chunked + "0\r\n\r\n"), 400},
        {"chunked in 1.0", "POST / HTTP/1.0\r\nHost: a\r\n" + chunked + "0\r\n\r\n", 400},
        {"trailer", with(chunked + "0\r\nX: a\r\n\r\n"), 400},
        {"chunk size missing", with(chunked + "\r\nab\r\n0\r\n\r\n"), 400},
        {"chunk size with sign", with(chunked + "+2\r\nab\r\n0\r\n\r\n"), 400},
        {"chunk size with 0x", with(chunked + "0x2\r\nab\r\n0\r\n\r\n"), 400},
        {"chunk size with space", with(chunked + "2 \r\nab\r\n0\r\n\r\n"), 400},
        {"chunk longer than said", with(chunked + "2\r\nabc\r\n0\r\n\r\n"), 400},
        {"chunk ended by LF", with(chunked + "2\r\nab\n0\r\n\r\n"), 400},
        {"chunk size ended by LF", with(chunked + "2\nab\r\n0\r\n\r\n"), 400},
        {"CR in an extension", with(chunked + "2;a\rb\r\nab\r\n0\r\n\r\n"), 400},
        {"chunk size of 17 digits", with(chunked + "00000000000000002\r\nab\r\n0\r\n\r\n"), 0},
        {"chunk size beyond any", with(chunked + "ffffffffffffffff\r\n"), 413},
        {"chunks up to the limit",
         with(chunked + "40\r\n" + std::string(64, 'x') + "\r\n0\r\n\r\n"), 0},
        {"chunks past the limit", with(chunked + "20\r\n" + std::string(32, 'x') + "\r\n21\r\n"),
         413},
        {"extension without a name", with(chunked + "2;\r\nab\r\n0\r\n\r\n"), 400},
        {"quotes in an extension", with(chunked + "2;a=\"b\\\"c;\"\r\nab\r\n0;a=\"\"\r\n\r\n"), 0},
        {"open quotes", with(chunked + "2;a=\"b\r\nab\r\n0\r\n\r\n"), 400},
        {"open quotes, closed later", with(chunked + "2;a=\"b\r\n\"\r\n0\r\n\r\n"), 400},
        {"open quotes in a large chunk", with(chunked + "21;a=\"b\r\n" + std::string(400, 'x')),
         400},
        {"open quotes in the last chunk", with(chunked + "0;a=\"b\r\n\r\nGET /\" HTTP/1.1\r\n"),
         400},
        {"endless extension", with(chunked + "2;" + std::string(300, 'x')), 400},
    }));
    INFO(c.name);
    check_verdict(c.text, c.status);
}

TEST_CASE("the limits of a head are exact to the byte") {
    const std::string rest = " HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::size_t longest = 8 * 1024 - std::string("GET  HTTP/1.1").size();
    CHECK(verdict("GET /" + std::string(longest - 1, 'x') + rest, 1000) == 0);
    CHECK(verdict("GET /" + std::string(longest, 'x') + rest, 1000) == 414);
    CHECK(verdict(std::string(9000, 'x'), 1) == 414);

    const std::string host = "Host: a\r\n";
    const std::size_t room = 32 * 1024 - host.size() - std::string("X: \r\n").size();
    const std::string start = "GET / HTTP/1.1\r\n" + host + "X: ";
    CHECK(verdict(start + std::string(room, 'x') + "\r\n\r\n", 1000) == 0);
    CHECK(verdict(start + std::string(room + 1, 'x') + "\r\n\r\n", 1000) == 431);

    std::string fields;
    for (int i = 0; i < 99; ++i)
        fields += "X: a\r\n";
    CHECK(verdict(with(fields + "\r\n"), 1000) == 0);
    CHECK(verdict(with(fields + "X: a\r\n\r\n"), 1000) == 431);
}

TEST_CASE("a request is parsed") {
    const Request request = parse(
        "PUT /a%20b?x=1?2 HTTP/1.1\r\nHost: a:80\r\nX-One:  two \t\r\n"
        "Content-Length: 3\r\n\r\nabc");
    CHECK(request.head.method == "PUT");
    CHECK(request.head.target == "/a%20b?x=1?2");
    CHECK(find_field(request.head.fields, "x-one") == "two");
    CHECK(request.body == "abc");
    CHECK(request.keep_alive);
}

TEST_CASE("a target is parsed, and its absolute form names the same path") {
    const auto [text, path, query] = GENERATE(table<std::string, std::string, std::string>({
        {"/a%20b?x=1?2", "/a%20b", "x=1?2"},
        {"/", "/", ""},
        {"*", "*", ""},
        {"HTTP://a:1/b?c", "/b", "c"},
        {"http://a", "/", ""},
        {"https://a?c", "/", "c"},
    }));
    const auto target = webhooks::http::split_target(text);
    REQUIRE(target);
    CHECK(target->path == path);
    CHECK(target->query == query);
}

TEST_CASE("the connection is kept as version and Connection say") {
    const auto keeps = [](const std::string& version, const std::string& connection) {
        return parse("GET / " + version + "\r\nHost: a\r\n" + connection + "\r\n").keep_alive;
    };
    CHECK(keeps("HTTP/1.1", ""));
    CHECK_FALSE(keeps("HTTP/1.1", "Connection: close\r\n"));
    CHECK_FALSE(keeps("HTTP/1.1", "Connection: x, Close\r\n"));
    CHECK_FALSE(keeps("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n"));
    CHECK_FALSE(keeps("HTTP/1.0", ""));
    CHECK(keeps("HTTP/1.0", "Connection: Keep-Alive\r\n"));
}

TEST_CASE("what follows a request is left for the next") {
    RequestReader reader;
    const std::string text =
        with("Content-Length: 1\r\n\r\na") + with("Content-Length: 1\r\n\r\nb");
    std::string_view input = text;
    read(reader, input);
    CHECK(reader.take().body == "a");
    CHECK(reader.is_idle());
    read(reader, input);
    CHECK(reader.take().body == "b");
    CHECK(input.empty());
}

TEST_CASE("100 Continue is sent once, and not if the body has already arrived") {
    const auto wants = [](std::string_view text) {
        RequestReader reader;
        read(reader, text);
        return reader.take_wants_continue();
    };
    CHECK(wants(with("Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n")));
    CHECK_FALSE(wants(with("Expect: 100-continue\r\nContent-Length: 2\r\n\r\na")));
    CHECK_FALSE(wants(with("Expect: 100-continue\r\nContent-Length: 0\r\n\r\n")));
    CHECK_FALSE(wants(with("Expect: other\r\nContent-Length: 2\r\n\r\n")));
    CHECK_FALSE(
        wants("POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n"
              "Content-Length: 2\r\n\r\n"));
}

TEST_CASE("a request is the same wherever it is split") {
    const std::string text =
        GENERATE("PUT /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET ",
                 "PUT /a?b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "1\r\na\r\n2;x=\"y\"\r\nbc\r\n0\r\n\r\nGET ");
    for (std::size_t at = 1; at < text.size(); ++at) {
        INFO(at);
        RequestReader reader;
        std::string_view first(text.data(), at);
        read(reader, first);
        std::string rest = std::string(first) + text.substr(at);
        std::string_view second = rest;
        if (reader.state() != State::complete) read(reader, second);
        REQUIRE(reader.state() == State::complete);
        CHECK(second.ends_with("GET "));
        const Request request = reader.take();
        CHECK(request.head.method == "PUT");
        CHECK(request.head.target == "/a?b");
        CHECK(request.body == "abc");
        CHECK(reader.is_idle());
    }
}

TEST_CASE("nothing of a body is read before its limit is known, and no more than the limit") {
    const auto status = [](std::string_view lines, std::size_t max_body) {
        RequestReader reader;
        const std::string text = with(lines);
        std::string_view input = text;
        reader.consume(input);
        REQUIRE(reader.state() == State::head_complete);
        CHECK(input.size() == text.size() - text.find("\r\n\r\n") - 4);
        reader.begin_body(max_body);
        reader.consume(input);
        return reader.state() == State::rejected ? reader.error().status : 0;
    };
    CHECK(status("\r\n", 0) == 0);
    CHECK(status("Content-Length: 8\r\n\r\naaaaaaaa", 8) == 0);
    CHECK(status("Content-Length: 9\r\n\r\n", 8) == 413);
    const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n";
    CHECK(status(chunked + "8\r\naaaaaaaa\r\n0\r\n\r\n", 8) == 0);
    CHECK(status(chunked + "8\r\naaaaaaaa\r\n1\r\n", 8) == 413);
}
