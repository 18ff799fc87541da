#include <support/catch.hpp>
#include <transport/answer_reader.hpp>
#include <transport/text.hpp>
#include <vector>

using webhooks::TransportAnswer;
using webhooks::transport::AnswerReader;
using webhooks::transport::storable_text;

namespace {

/// Feeds one byte at a time, like the worst of networks.
void trickle(AnswerReader& reader, std::string_view bytes) {
    for (const char& byte : bytes)
        reader.feed({&byte, 1});
}

}  // namespace

TEST_CASE("a response is the same in one piece and byte by byte") {
    const auto bytes = GENERATE(values<std::string>({
        "HTTP/1.1 200 OK\r\nretry-after: 3\r\ncontent-length: 4\r\n\r\nbody",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nRetry-After: 3\r\n"
        "transfer-encoding: chunked\r\n\r\n1\r\nb\r\n3;ext=\"1\"\r\nody\r\n0\r\nx: y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nretry-after:\r\n 3\r\ncontent-length: 4\r\n\r\nbody",
    }));
    CAPTURE(bytes);
    AnswerReader whole;
    AnswerReader pieces;
    CHECK_FALSE(whole.feed(bytes));
    trickle(pieces, bytes);
    for (AnswerReader* reader : {&whole, &pieces}) {
        REQUIRE(reader->is_done());
        CHECK(reader->may_reuse_connection());
        const TransportAnswer answer = reader->take();
        CHECK(answer.status_code == 200);
        CHECK(answer.body == "body");
        CHECK(answer.retry_after == "3");
    }
}

namespace {

/// Everything about a response that arrives in these pieces, up to its end.
std::string told(const std::vector<std::string_view>& pieces) {
    AnswerReader reader;
    for (const std::string_view piece : pieces) {
        if (!reader.feed(piece)) break;
    }
    reader.end();
    const bool may_reuse = reader.may_reuse_connection();
    const TransportAnswer answer = reader.take();
    return std::to_string(answer.status_code) + "|" + answer.body + "|" + answer.retry_after + "|" +
           answer.error + (may_reuse ? "|reuse" : "|close");
}

}  // namespace

TEST_CASE("a response is the same wherever it is split") {
    const std::string chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    const auto [bytes, expected] = GENERATE_COPY(table<std::string, std::string>({
        {chunked + "0\r\n\r\n", "200||||reuse"},
        {chunked + "2\r\nok\r\n0\r\n\r\n", "200|ok|||reuse"},
        {chunked + "2;a=\"b\"\r\nok\r\n1\r\n!\r\n00;x\r\nt: u\r\n\r\n", "200|ok!|||reuse"},
        {chunked + "2\r\nok\r\n0\r\nt: u\r\nretry-after: 9\r\n\r\n", "200|ok|||reuse"},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nretry-after: 1\r\nRetry-After: 3\r\n"
         "content-length: 2\r\n\r\nok",
         "201|ok|1, 3||reuse"},
        {"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n"
         "content-length: 2\r\n\r\nok",
         "200|ok|||reuse"},
        {"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nconnection: close\r\n"
         "content-length: 2\r\n\r\nok",
         "200|ok|||close"},
        {"HTTP/1.1 200\ncontent-length: 2\n\nok", "200|ok|||close"},
        {"HTTP/1.1 503 No\nretry-after: 1\n\tand more\r\n\n", "503||1 and more||close"},
        {"HTTP/1.1 204 None\r\n\r\n", "204||||reuse"},
        {"HTTP/1.1 500\r\nx: y\r\n z\r\ncontent-length: 1\r\n\r\ne", "500|e|||close"},
        {"SSH-2.0-OpenSSH_9.2\r\n", "0|||malformed response: not HTTP/1|close"},
        {"HTTP/1.1 20\r\n", "0|||malformed response: bad status|close"},
    }));
    CAPTURE(bytes);
    const std::string_view text = bytes;
    CHECK(told({text}) == expected);
    for (std::size_t i = 1; i < text.size(); ++i) {
        for (std::size_t j = i; j <= text.size(); ++j) {
            const std::string split =
                told({text.substr(0, i), text.substr(i, j - i), text.substr(j)});
            if (split != expected) FAIL_CHECK("split at " << i << " and " << j << ": " << split);
        }
    }
}

TEST_CASE("a head that bends the rules is a response, and its connection is not reused") {
    const std::string length = "content-length: 2\r\n";
    const auto head = GENERATE_COPY(values<std::string>({
        "HTTP/1.1 200\r\n" + length,
        "HTTP/1.1 200 OK\n" + length,
        "HTTP/1.1 200 OK\r\ncontent-length: 2\n",
        "HTTP/1.1  200\tOK\r\n" + length,
        "HTTP/1.1 200 O\x01K\r\n" + length,
        "HTTP/1.1 200 OK\r\nx y : z\r\n" + length,
        "HTTP/1.1 200 OK\r\n: z\r\n" + length,
        "HTTP/1.1 200 OK\r\nx: a\x01\rb\r\n" + length,
        "HTTP/1.1 200 OK\r\nconnection: ;;x, close\r\n" + length,
        "HTTP/1.0 200 OK\r\n" + length,
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n" + length,
    }));
    CAPTURE(head);
    CHECK(told({head + "\r\nok"}) == "200|ok|||close");
}

TEST_CASE("a transfer coding overrides a length, and the connection is not reused") {
    const std::string body = "\r\n2\r\nok\r\n0\r\n\r\n";
    const std::string chunked = "transfer-encoding: Chunked\r\n";
    const auto fields = GENERATE_COPY(values<std::string>({
        "content-length: 1\r\n" + chunked,
        chunked + "content-length: 1\r\n",
        chunked + chunked,
        "transfer-encoding: gzip, chunked\r\n",
    }));
    CAPTURE(fields);
    CHECK(told({"HTTP/1.1 200 OK\r\n" + fields + body}) == "200|ok|||close");
    CHECK(told({"HTTP/1.1 200 OK\r\n" + chunked + body}) == "200|ok|||reuse");
}

TEST_CASE("the options of a connection are read wherever they are") {
    const std::string rest = "content-length: 2\r\n\r\nok";
    CHECK(told({"HTTP/1.1 200 OK\r\nConnection: Upgrade, Keep-Alive\r\n" + rest}) ==
          "200|ok|||reuse");
    CHECK(told({"HTTP/1.0 200 OK\r\nconnection: x,keep-alive\r\n" + rest}) == "200|ok|||reuse");
    CHECK(told({"HTTP/1.1 200 OK\r\nconnection: x\r\nconnection: y ,CLOSE\r\n" + rest}) ==
          "200|ok|||close");
}

TEST_CASE("a malformed status line fails the response before its headers end") {
    const auto [line, error] = GENERATE(table<std::string, std::string>({
        {"HTTP/1.1 101 Switching\r\n", "unexpected protocol switch"},
        {"HTTP/1.1 2x0 OK\r\n", "bad status"},
        {"HTTP/1.1 2000\r\n", "bad status"},
        {"HTTP/1.1200 OK\r\n", "bad status"},
        {"HTTP/1.1\n", "bad status"},
        {"HTTP/1.2 200 OK\r\n", "bad version"},
        {"HTTP/1.1 600 OK\r\n", "status out of range"},
        {"HTTP/1.1 000\n", "status out of range"},
        {"220 mail.example ESMTP", "not HTTP/1"},
        {"\r\n", "not HTTP/1"},
    }));
    CAPTURE(line);
    AnswerReader reader;
    CHECK_FALSE(reader.feed(line));
    CHECK(reader.take().error == "malformed response: " + error);
}

TEST_CASE("a reader wants more until the response is complete") {
    AnswerReader reader;
    CHECK(reader.is_untouched());
    CHECK(reader.feed("HTTP/1.1 200 OK\r\n"));
    CHECK_FALSE(reader.is_untouched());
    CHECK_FALSE(reader.has_answer());
    CHECK(reader.feed("content-length: 2\r\n\r\n"));
    CHECK(reader.has_answer());
    CHECK(reader.feed("o"));
    CHECK_FALSE(reader.feed("k"));
    CHECK(reader.is_done());
}

TEST_CASE("a response without a length ends with the connection, which is not reused") {
    AnswerReader reader;
    CHECK(reader.feed("HTTP/1.1 200 OK\r\n\r\nall"));
    reader.end();
    CHECK_FALSE(reader.may_reuse_connection());
    CHECK(reader.take().body == "all");
}

TEST_CASE("bytes after the response prevent reuse of the connection") {
    for (const std::string_view end :
         {"HTTP/1.1 204 No\r\n\r\nx", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nxy",
          "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
          "0\r\n\r\nz"}) {
        AnswerReader reader;
        CHECK_FALSE(reader.feed(end));
        CHECK(reader.has_answer());
        CHECK_FALSE(reader.may_reuse_connection());
    }
}

TEST_CASE("the limits are exact") {
    const auto body_of = [](std::size_t size) {
        return "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(size) + "\r\n\r\n" +
               std::string(size, 'b');
    };
    AnswerReader full;
    full.feed(body_of(AnswerReader::max_body_bytes));
    CHECK(full.may_reuse_connection());

    AnswerReader over;
    CHECK_FALSE(over.feed(body_of(AnswerReader::max_body_bytes + 1)));
    CHECK(over.has_answer());

    // A chunk header without an end counts as body too.
    AnswerReader extension;
    extension.feed("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;");
    CHECK(extension.feed(std::string(AnswerReader::max_body_bytes - 2, 'e')));
    CHECK_FALSE(extension.feed("e"));
    CHECK(extension.has_answer());

    AnswerReader interim;
    for (int i = 0; i < AnswerReader::max_interim_answers; ++i)
        CHECK(interim.feed("HTTP/1.1 102 Wait\r\n\r\n"));
    CHECK_FALSE(interim.feed("HTTP/1.1 102 Wait\r\n\r\n"));
    CHECK_FALSE(interim.has_answer());
}

TEST_CASE("the stored part of a body is valid UTF-8 within its limit") {
    struct Row {
        std::string bytes;
        std::size_t limit;
        bool is_cut;
        std::string text;
    };
    const std::string replaced = "\xEF\xBF\xBD";
    const std::string euro = "\xE2\x82\xAC";
    const auto row = GENERATE_COPY(values<Row>({
        {"", 10, false, ""},
        {"plain", 10, false, "plain"},
        {"plain", 3, false, "pla"},
        {euro + euro, 5, false, euro},
        {"a" + euro.substr(0, 2), 10, true, "a"},
        {"a" + euro.substr(0, 2), 10, false, "a" + replaced + replaced},
        {"a\xFFz", 10, false, "a" + replaced + "z"},
        {"a\xFF", 3, false, "a"},
        {std::string("a\0z", 3), 10, false, "a" + replaced + "z"},
        {"\xED\xA0\x80", 10, false, replaced + replaced + replaced},
        {"\xC0\xAF", 10, false, replaced + replaced},
        {"\xF0\x9F\x98\x80", 10, false, "\xF0\x9F\x98\x80"},
    }));
    CAPTURE(row.bytes, row.limit, row.is_cut);
    CHECK(storable_text(row.bytes, row.limit, row.is_cut) == row.text);
}
