#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <webhooks/error.hpp>

namespace webhooks::transport {

struct TlsDeleter {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    void operator()(SSL* session) const noexcept { SSL_free(session); }
};

/// One side of a TLS connection, not yet started.
using TlsSession = std::unique_ptr<SSL, TlsDeleter>;

/// The result of an earlier handshake, in which the certificate was verified.
using ResumableSession = std::shared_ptr<SSL_SESSION>;

/// Shared by all TLS connections: TLS 1.2 or newer, the certificate chain always verified.
class TlsContext {
public:
    /// @param ca_file A PEM file of authorities trusted in addition to the system's, or empty.
    /// @return invalid_argument if it cannot be read.
    static Result<TlsContext> make(const std::string& ca_file);

    /// A client session over a connected socket. The certificate must be for `host`, which is also
    /// sent as the server name (RFC 6066) unless it is an address.
    /// @param socket Non-blocking; remains owned by the caller, and open until the session is
    /// destroyed.
    /// @return null if there is no memory for it.
    TlsSession session(int socket, const std::string& host, bool host_is_address) const;

private:
    explicit TlsContext(std::unique_ptr<SSL_CTX, TlsDeleter> context)
        : context_(std::move(context)) {}

    std::unique_ptr<SSL_CTX, TlsDeleter> context_;
};

/// Why TLS failed, from the session and OpenSSL's error queue, e.g. "certificate verify failed:
/// hostname mismatch".
std::string tls_error(const SSL& session);

}  // namespace webhooks::transport
