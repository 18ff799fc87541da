#include <support/catch.hpp>
#include <transport/answer_reader.hpp>
#include <transport/text.hpp>

using webhooks::TransportAnswer;
using webhooks::transport::AnswerReader;
using webhooks::transport::storable_text;

namespace {

/// Feeds one byte at a time, as the worst of networks might.
void trickle(AnswerReader& reader, std::string_view bytes) {
    for (const char& byte : bytes)
        reader.feed({&byte, 1});
}

}  // namespace

TEST_CASE("An answer is the same in one piece and byte by byte") {
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

TEST_CASE("A reader wants more until the answer is complete") {
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

TEST_CASE("An answer without a length ends with the connection, which is not used again") {
    AnswerReader reader;
    CHECK(reader.feed("HTTP/1.1 200 OK\r\n\r\nall"));
    reader.end();
    CHECK_FALSE(reader.may_reuse_connection());
    CHECK(reader.take().body == "all");
}

TEST_CASE("Bytes after the answer forbid another use of the connection") {
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

TEST_CASE("The limits hold at their very edge") {
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

    // A chunk header without an end is body too.
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

TEST_CASE("What is kept of a body is valid UTF-8 within its limit") {
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
