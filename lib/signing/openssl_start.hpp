#pragma once

namespace webhooks::signing {

/// Initializes OpenSSL, which registers what it does when the process exits: functions that are
/// registered by std::atexit afterwards run before that.
void start_openssl() noexcept;

}  // namespace webhooks::signing
