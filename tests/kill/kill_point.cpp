#include "kill_point.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

namespace webhooks::testing {
namespace {

std::string fatal_operation;
std::string fatal_moment;
std::atomic<int> passings_left{0};

thread_local std::string_view current_operation;

bool is_fatal(std::string_view operation, std::string_view moment) {
    return operation == fatal_operation && moment == fatal_moment && --passings_left == 0;
}

void die() {
    static_cast<void>(::raise(SIGKILL));
}

}  // namespace

void die_at(std::string operation, std::string moment, int passing) {
    fatal_operation = std::move(operation);
    fatal_moment = std::move(moment);
    passings_left = passing;
}

void pass(std::string_view operation, std::string_view moment) {
    if (is_fatal(operation, moment)) die();
}

Operation::Operation(std::string_view name) {
    current_operation = name;
}

Operation::~Operation() {
    current_operation = {};
}

}  // namespace webhooks::testing

// The functions that SQLite calls to write and to synchronise, and libpq to send. The program's own
// functions take precedence over libc's, also in shared libraries. If these libraries ever call
// others, the points are never passed, the worker ends by itself, and the test says so.

using namespace webhooks::testing;

extern "C" ssize_t pwrite64(int file, const void* bytes, std::size_t size, off64_t offset) {
    const bool is_last = is_fatal(current_operation, "half written");
    const auto written = ::syscall(SYS_pwrite64, file, bytes, is_last ? size / 2 : size, offset);
    if (is_last) die();
    return written;
}

extern "C" ssize_t send(int socket, const void* bytes, std::size_t size, int flags) {
    const auto sent = ::syscall(SYS_sendto, socket, bytes, size, flags, nullptr, 0);
    pass(current_operation, "sent");
    return sent;
}

extern "C" int fdatasync(int file) {
    pass(current_operation, "written");
    const auto result = ::syscall(SYS_fdatasync, file);
    pass(current_operation, "synced");
    return static_cast<int>(result);
}
