/// Reads arbitrary bytes as a response, once in one piece, so that an ordinary response is read
/// without a parser, and once byte by byte, so that the parser reads everything. Both must give the
/// same result. For libFuzzer (`./dev fuzz`); driver.cpp replaces it if it is not available.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <transport/answer_reader.hpp>

namespace {

using webhooks::TransportAnswer;
using webhooks::transport::AnswerReader;

void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    AnswerReader whole;
    AnswerReader parsed;
    whole.feed(bytes);
    std::size_t fed = 0;
    while (fed < size && parsed.feed(bytes.substr(fed++, 1))) {
    }
    // An error in a body may be detected a few bytes later.
    expect(whole.has_answer() || whole.is_done() == parsed.is_done(),
           "both are done, or neither is");
    whole.end();
    parsed.end();
    expect(whole.has_answer() == parsed.has_answer(), "both have an answer, or neither has");
    const bool has_rest = fed < size;  // Bytes after the answer, which the whole saw.
    expect(whole.may_reuse_connection() == (parsed.may_reuse_connection() && !has_rest),
           "both keep the connection, or neither does");
    const TransportAnswer one = whole.take();
    const TransportAnswer other = parsed.take();
    expect(one.kind == other.kind && one.status_code == other.status_code, "the answers are equal");
    expect(one.body == other.body, "the bodies are equal");
    expect(one.retry_after == other.retry_after, "the times to come back are equal");
    expect(one.error == other.error, "the errors are equal");
    return 0;
}
