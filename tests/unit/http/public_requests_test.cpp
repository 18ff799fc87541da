/// What the public suites of two other parsers ask about requests: llhttp (Node.js's, its
/// test/request) and h11 (its tests of readers). Each row puts one of their cases into words and
/// bytes of our own, with a Host where the case is about something else, and says what this server
/// makes of it, which is often stricter.

#include "request_verdict.hpp"

using namespace webhooks::http;

namespace {

void check(const RequestCase& row) {
    INFO(row.name);
    check_verdict(row.text, row.status);
}

const std::string host = "Host: a\r\n";

std::string get(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\n" + host + "\r\n";
}

/// A chunked body.
std::string chunks(const std::string& body) {
    return with("Transfer-Encoding: chunked\r\n\r\n" + body);
}

}  // namespace

TEST_CASE("llhttp: request lines and targets") {
    check(GENERATE(values<RequestCase>({
        {"another protocol, ICE", "GET /music ICE/1.0\r\n" + host + "\r\n", 400},
        {"almost HTTP", "GET /music IHTTP/1.0\r\n" + host + "\r\n", 400},
        {"RTSP", "PUT /music RTSP/1.0\r\n" + host + "\r\n", 400},
        {"a method of RTSP is a token", "ANNOUNCE /music HTTP/1.0\r\n" + host + "\r\n", 0},
        {"a method that is unknown is a token", "MKCOLA / HTTP/1.1\r\n" + host + "\r\n", 0},
        {"HEAD", "HEAD /url HTTP/1.1\r\n" + host + "\r\n", 0},
        {"a version of the future", "GET / HTTP/5.6\r\n" + host + "\r\n", 400},
        {"no version", "GET /\r\n\r\n", 400},
        {"CR alone ends the request line", "GET / HTTP/1.1\rLine: 1\r\n\r\n", 400},
        {"a blank before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        {"an empty line first", "\r\nGET /url HTTP/1.1\r\n" + host + "\r\n", 0},
        {"quotes", get("/with_\"lovely\"_quotes?foo=\"bar\""), 0},
        {"two question marks", get("/test.cgi?foo=bar?baz"), 0},
        {"vertical bar", get("/test.cgi?query=|"), 0},
        {"absolute form without path", get("http://hooks.example.com?hail=all"), 0},
        {"absolute form with port and query", get("http://hooks.example.com:1234?hail=all"), 0},
        {"absolute form with port", get("http://hooks.example.com:1234"), 0},
        {"absolute form with user", get("http://u%12:p!&*$@hooks.example.com:1234/to"), 400},
        {"UTF-8 in the path", get("/\xce\xb4\xc2\xb6/pope?q=1"), 400},
        {"fragment", get("/topics/2375?page=1#posts-17408"), 400},
        {"blank in the target", get("/foo bar/"), 400},
        {"CONNECT", "CONNECT home_0.example.com:443 HTTP/1.0\r\n" + host + "\r\n", 400},
    })));
}

TEST_CASE("llhttp: fields") {
    check(GENERATE(values<RequestCase>({
        {"no Host", "GET /none HTTP/1.1\r\n\r\n", 400},
        {"Host with an equals sign", "GET / HTTP/1.1\r\nHost: 0.0.0.0=5000\r\n\r\n", 0},
        {"tab before a value", with("Header2:\t Value2\r\n\r\n"), 0},
        {"a value of marks", with("aaaa:++++++++++\r\n\r\n"), 0},
        {"Latin 1", with("Test: D\xc3\xbcsseldorf\r\n\r\n"), 0},
        {"byte 255", with("Header2: \xffValue2\r\n\r\n"), 0},
        {"fields separated by CR", with("Foo: 1\rBar: 2\r\n\r\n"), 400},
        {"fields separated by LF",
         with("x:x\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n"), 400},
        {"empty field, then CR", with("x:\rTransfer-Encoding: chunked\r\n\r\n"), 400},
        {"empty field, then LF", with("x:\nTransfer-Encoding: chunked\r\n\r\n"), 400},
        {"CR and a byte in place of the end", with("\rZGET /evil: HTTP/1.1\r\nHost: a\r\n\r\n"),
         400},
        {"LF hides a length", with("Dummy: x\nContent-Length: 23\r\n\r\nGET / HTTP/1.1\r\n"), 400},
        {"at sign in a name", with("Fo@: Failure\r\n\r\n"), 400},
        {"control byte in a name", with("Foo\x01test: Bar\r\n\r\n"), 400},
        {"no name", with(": Bar\r\n\r\n"), 400},
        {"folded name", with("name\r\n : value\r\n\r\n"), 400},
        {"escapes in a name",
         with("Connection\r\x1b"
              "5\xd5"
              "eep-Alive\r\nA: gzip\r\n\r\n"),
         400},
        {"folded values", with("Line1:   abc\r\n\tdef\r\n ghi\r\n\r\n"), 400},
        {"folded values with LF", with("Line1:   abc\n\tdef\n ghi\n\n"), 400},
        {"folded Connection", with("Connection:\r\n close\r\n\r\n"), 400},
        {"folded length", with("Foo: bar\r\n Content-Length: 38\r\n\r\n"), 400},
        {"LF alone everywhere", "POST / HTTP/1.1\nHost: a\n\n", 400},
        {"CR in Connection", with("Connection: keep\ralive\r\n\r\n"), 400},
        {"Connection with a tab", with("Connection: close\t\r\n\r\n"), 0},
        {"many options in Connection", with("Connection: close, token, upgrade\r\n\r\n"), 0},
        {"blank after Connection", with("Connection : upgrade\r\n\r\n"), 400},
        {"upgrade, which is not taken", with("Connection: upgrade\r\nUpgrade: ws\r\n\r\n"), 0},
        {"cut within a field", with("Content-Leng"), -1},
    })));
}

TEST_CASE("llhttp: lengths") {
    check(GENERATE(values<RequestCase>({
        {"leading zeros", with("Content-Length: 003\r\n\r\nabc"), 0},
        {"a field after it", with("Content-Length: 003\r\nOhai: world\r\n\r\nabc"), 0},
        {"odd case", with("conTENT-Length: 5\r\n\r\nHELLO"), 0},
        {"blanks around", with("Content-Length:  42 \r\n\r\n" + std::string(42, 'x')), 0},
        {"tabs around", with("Content-Length:\t42\t  \r\n\r\n" + std::string(42, 'x')), 0},
        {"beyond any", with("Content-Length: 1000000000000000000000\r\n\r\n"), 400},
        {"two", with("Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400},
        {"with a coding", with("Content-Length: 1\r\nTransfer-Encoding: identity\r\n\r\n"), 400},
        {"blank before the colon", with("Content-Length : 4\r\n\r\nabcd"), 400},
        {"blank within", with("Content-Length: 4 2\r\n\r\n"), 400},
        {"two numbers", with("Content-Length: 13 37\r\n\r\n"), 400},
        {"empty", with("Content-Length:\r\n\r\n"), 400},
        {"CR for its hyphen", with("Content\rLength: 003\r\n\r\nabc"), 400},
        {"CR for the empty line", with("Content-Length: 3\r\n\rabc"), -1},
        {"CR for the empty line, and a line", with("Content-Length: 3\r\n\rabc\r\n\r\n"), 400},
        {"a body that is to come", with("Content-Length: 50\r\n\r\n"), -1},
    })));
}

TEST_CASE("llhttp: chunks and codings") {
    check(GENERATE(values<RequestCase>({
        {"size in lower case", chunks("a\r\n0123456789\r\n0\r\n\r\n"), 0},
        {"size in upper case", chunks("A\r\n0123456789\r\n0\r\n\r\n"), 0},
        {"three zeros at the end", chunks("5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n"), 0},
        {"trailers", chunks("5\r\nhello\r\n0\r\nVary: *\r\nContent-Type: text/plain\r\n\r\n"), 400},
        {"extensions", chunks("5;ilovew3;q=a;r=b\r\nhello\r\n6;x;y\r\n world\r\n0\r\n\r\n"), 0},
        {"a semicolon alone", chunks("2;\r\nab\r\n0\r\n\r\n"), 400},
        {"quotes", chunks("5;a=\"1;2\";b=\"\\\";\"\r\nhello\r\n0\r\n\r\n"), 0},
        {"open quotes", chunks("5;a=\"1;2\r\nhello\r\n0\r\n\r\n"), 400},
        {"more after the quotes", chunks("5;a=\"1\"x\r\nhello\r\n0\r\n\r\n"), 400},
        {"LF in a size", chunks("3 \n  \r\nfoo\r\n0\r\n\r\n"), 400},
        {"no end", chunks("3\r\nfoo\r\n"), -1},
        {"two CR after a size", chunks("5\r\r;ABCD\r\n34\r\nE\r\n0\r\n\r\n"), 400},
        {"no end of the data", chunks("5\r\nABCDE0\r\n\r\n"), 400},
        {"blank after a size", chunks("a \r\n0123456789\r\n0\r\n\r\n"), 400},
        {"chunked, then deflate", with("Transfer-Encoding: chunked, deflate\r\n\r\n"), 400},
        {"chunked and deflate",
         with("Transfer-Encoding: chunked\r\nTransfer-Encoding: deflate\r\n\r\n"), 400},
        {"deflate, chunked", with("Transfer-Encoding: deflate, chunked\r\n\r\n0\r\n\r\n"), 400},
        {"deflate and chunked",
         with("Transfer-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
        {"chunkedchunked", with("Transfer-Encoding: chunkedchunked\r\n\r\n0\r\n\r\n"), 400},
        {"empty codings",
         with("Content-Length: 10\r\nTransfer-Encoding:\r\nTransfer-Encoding:\r\n\r\n"), 400},
        {"identity", with("Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nWorld"), 400},
        {"folded coding",
         with("Transfer-Encoding: chunked\r\n  abc\r\n\r\n5\r\nWorld\r\n0\r\n\r\n"), 400},
    })));
}

TEST_CASE("h11: requests") {
    check(GENERATE(values<RequestCase>({
        {"1.0 with a field", "HEAD /foo HTTP/1.0\r\nHost: a\r\nSome: header\r\n\r\n", 0},
        {"1.0 without any", "HEAD /foo HTTP/1.0\r\n\r\n", 400},
        {"values with blanks", with("Foo: a a a a a \r\n\r\n"), 0},
        {"value of blanks", with("Foo: \t \t \r\n\r\n"), 0},
        {"LF within CR LF", with("SomeHeader: val\n\r\n"), 400},
        {"folded lines", with("Some: multi-line\r\n header\r\n\tnonsense\r\n\r\n"), 400},
        {"folded first line", "HEAD /foo HTTP/1.1\r\n  folded: line\r\n\r\n", 400},
        {"blanks before a colon", with("foo  : line\r\n\r\n"), 400},
        {"tab before a colon", with("foo\t: line\r\n\r\n"), 400},
        {"no name", with(": line\r\n\r\n"), 400},
        {"more after the version", "HEAD /foo HTTP/1.1 xxxxxx\r\nHost: a\r\n\r\n", 400},
        {"NUL in Host", std::string("HEAD / HTTP/1.1\r\nHost: f\0r\r\n\r\n", 31), 400},
        {"NUL in the target", std::string("HEAD /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 30), 400},
        {"blank in the target", "HEAD /  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"DEL in the target", "HEAD /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"byte 238 in the target", "HEAD /\xee HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"control byte in a cookie", with("Cookie: a=k\x01U; path=/\r\n\r\n"), 400},
        {"a greeting of TLS", std::string("\x16\x03\x01\0\xa5\x01\0\0\xa1\x03\x03\n", 12), 400},
    })));
}

TEST_CASE("h11: chunks") {
    check(GENERATE(values<RequestCase>({
        {"nothing", chunks("0\r\n\r\n"), 0},
        {"trailer", chunks("0\r\nSome: header\r\n\r\n"), 400},
        {"two", chunks("5\r\n01234\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"), 0},
        {"size in both cases, past the limit", chunks("aA\r\n" + std::string(0xaa, 'x')), 413},
        {"size of 100 digits", chunks(std::string(100, '9') + "\r\nxxx"), 400},
        {"NUL in a size", chunks(std::string("10\0\r\nxxx", 8)), 400},
        {"blanks in extensions",
         chunks("5; hello=there\r\nxxxxx\r\n0; random=\"junk\"; some=more\r\n\r\n"), 0},
        {"blanks after a size", chunks("5   \t \r\n01234\r\n0\r\n\r\n"), 400},
        {"other bytes after the data", chunks("3\r\nxxx__1a\r\n"), 400},
        {"CR and another byte", chunks("3\r\nxxx\r_1a\r\n"), 400},
        {"another byte and LF", chunks("3\r\nxxx_\n1a\r\n"), 400},
    })));
}
