#pragma once

#include <boost/system/error_code.hpp>
#include <functional>
#include <string>
#include <thread>

/// @file
/// Keeps the server's threads and sockets apart from the rest of the host's process.

namespace webhooks::http {

/// Starts a thread on which no signal handler of the host runs. Throws what std::thread throws.
/// @param owner what waits for its end.
std::thread start_server_thread(const void* owner, std::function<void()> body);

/// Whether the calling thread was started for this owner, which must not wait for it then.
bool is_server_thread_of(const void* owner) noexcept;

/// Hides the descriptor from programs that the host starts. Asio does not set this on creation, so
/// a program that is started at that very moment may still inherit it.
void close_on_exec(int descriptor) noexcept;

/// The message of a system's error, with what helps against it.
std::string message_of(const boost::system::error_code& error);

/// Of the calling process: changes after a fork.
long process_id() noexcept;

}  // namespace webhooks::http
