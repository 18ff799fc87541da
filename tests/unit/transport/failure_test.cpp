#include <support/catch.hpp>
#include <transport/failure.hpp>

using namespace webhooks;
using namespace webhooks::transport;
using namespace std::chrono_literals;

TEST_CASE("the errors of attempts have exactly these texts") {
    struct Row {
        TransportAnswer answer;
        std::string error;
    };
    const auto code = [](std::errc value) { return std::make_error_code(value); };
    const auto row = GENERATE_COPY(values<Row>({
        {failed(Phase::connecting, code(std::errc::connection_refused)), "connection refused"},
        {failed(Phase::connecting, code(std::errc::timed_out)), "connection timed out"},
        {failed(Phase::connecting, code(std::errc::host_unreachable)),
         "could not connect: No route to host"},
        {failed(Phase::connecting, code(std::errc::network_unreachable)),
         "could not connect: Network is unreachable"},
        {failed(Phase::connecting, code(std::errc::address_family_not_supported)),
         "could not connect: Address family not supported by protocol"},
        {failed(Phase::connecting, code(std::errc::operation_not_permitted)),
         "could not connect: Operation not permitted"},
        {failed(Phase::handshaking, code(std::errc::connection_reset)),
         "connection reset in the TLS handshake"},
        {failed(Phase::exchanging, code(std::errc::connection_reset)),
         "connection reset before a response"},
        {failed(Phase::exchanging, code(std::errc::broken_pipe)),
         "connection closed before a response"},
        {timed_out(Phase::resolving, 15s), "could not resolve host: timed out"},
        {timed_out(Phase::connecting, 15s), "connection timed out"},
        {timed_out(Phase::handshaking, 15s), "TLS handshake timed out"},
        {timed_out(Phase::exchanging, 15s), "no response within 15 s"},
        {timed_out(Phase::exchanging, 1500ms), "no response within 1500 ms"},
    }));
    CHECK(row.answer.kind == TransportAnswer::Kind::failed);
    CHECK(row.answer.error == row.error);
}

TEST_CASE("without descriptors, memory or ports nothing counts as sent, at any stage") {
    const auto value = GENERATE(
        std::errc::too_many_files_open, std::errc::too_many_files_open_in_system,
        std::errc::no_buffer_space, std::errc::not_enough_memory, std::errc::address_not_available);
    for (const Phase phase : {Phase::connecting, Phase::handshaking, Phase::exchanging}) {
        CHECK(failed(phase, std::make_error_code(value)).kind == TransportAnswer::Kind::not_sent);
    }
}

TEST_CASE("the reason of a failure says how far the attempt came") {
    const auto reset = std::make_error_code(std::errc::connection_reset);
    CHECK(failed(Phase::connecting, reset).reason == FailureReason::connect);
    CHECK(failed(Phase::handshaking, reset).reason == FailureReason::tls);
    CHECK(failed(Phase::exchanging, reset).reason == FailureReason::reset);
    CHECK(timed_out(Phase::resolving, 15s).reason == FailureReason::lookup);
    CHECK(timed_out(Phase::connecting, 15s).reason == FailureReason::connect);
    CHECK(timed_out(Phase::handshaking, 15s).reason == FailureReason::tls);
    CHECK(timed_out(Phase::exchanging, 15s).reason == FailureReason::timeout);
}
