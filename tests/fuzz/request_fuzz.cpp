/// Reads arbitrary bytes as requests, whole and in pieces: both must give the same result and the
/// same requests. Beast's assertions are on here, in any build type. For libFuzzer (`./dev fuzz`);
/// driver.cpp replaces it if it is not available.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <net/request_reader.hpp>

namespace {

using namespace webhooks::http;
using State = RequestReader::State;

constexpr std::size_t max_body = 1000;

void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

/// The result of reading a connection's bytes: its requests, and how it ends.
std::string read(std::string_view bytes, std::size_t piece) {
    std::string found;
    RequestReader reader;
    std::string_view input;
    while (!bytes.empty() || !input.empty()) {
        if (input.empty()) {
            input = bytes.substr(0, piece);
            bytes.remove_prefix(input.size());
        }
        const std::size_t before = input.size();
        reader.consume(input);
        if (reader.state() == State::head_complete) reader.begin_body(max_body);
        if (reader.state() == State::rejected) {
            return found + "rejected " + std::to_string(reader.error().status);
        }
        if (reader.state() == State::complete) {
            const Request request = reader.take();
            expect(request.body.size() <= max_body, "a body keeps to its limit");
            expect(request.head.fields.size() <= max_field_count, "fields keep to their limit");
            found += request.head.method + ' ' + request.head.target + '\n' + request.body + '\n';
            for (const Field& field : request.head.fields)
                found += field.name + ':' + field.value + '\n';
        } else {
            expect(input.size() < before || input.empty(), "input is consumed");
        }
    }
    return found + (reader.is_idle() ? "idle" : "unfinished");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::string whole = read(bytes, bytes.size() + 1);
    for (const std::size_t piece : {1, 2, 3, 5, 7, 64})
        expect(read(bytes, piece) == whole, "the verdict is the same in pieces");
    return 0;
}
