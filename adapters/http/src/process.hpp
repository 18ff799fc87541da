#pragma once

#include <functional>
#include <thread>

/// @file
/// What keeps the server's threads and sockets apart from the rest of the host's process.

namespace webhooks::http {

/// Begins a thread on which no signal handler of the host's runs. Throws what std::thread does.
std::thread start_server_thread(std::function<void()> body);

/// Keeps the descriptor from programs that the host starts. Asio does not set it at once, so one
/// that is started at this very moment may still inherit it.
void close_on_exec(int descriptor) noexcept;

/// Of the process that calls: another one after a fork.
long process_id() noexcept;

}  // namespace webhooks::http
