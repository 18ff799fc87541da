#pragma once

/// @file
/// TLS of the listener, as a filter between the bytes of a socket and those of HTTP. It works in
/// memory: the session keeps the socket, and with it all time limits.

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <webhooks/error.hpp>
#include <webhooks/http/server.hpp>
#include <webhooks/observer.hpp>

#include "../reloaded_files.hpp"

namespace webhooks::http {

/// The certificate of a listener, for new connections.
using TlsCertificate = ReloadedFiles<std::shared_ptr<SSL_CTX>>;

/// @return invalid_argument that names the file that cannot be used.
Result<std::unique_ptr<TlsCertificate>> load_certificate(const TlsOptions& options,
                                                         std::shared_ptr<Observer> observer);

/// The server side of one TLS connection.
class TlsFilter {
public:
    explicit TlsFilter(std::shared_ptr<SSL_CTX> context);

    /// Consumes bytes from the socket, and returns the HTTP bytes that they contain.
    /// @return nullopt if the peer does not speak acceptable TLS, or has ended it. take_output()
    /// then returns what tells the peer why.
    std::optional<std::string> receive(std::string_view bytes);

    /// Converts HTTP bytes into records. @pre receive() has returned some, so that the handshake is
    /// over.
    /// @return false if TLS has ended.
    bool send(std::string_view bytes);

    /// Tells the peer that nothing more will follow.
    void finish();

    /// The bytes to write to the socket: records and handshake messages.
    std::string take_output();

private:
    struct Free {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };

    std::shared_ptr<SSL_CTX> context_;
    std::unique_ptr<SSL, Free> ssl_;
    BIO* input_ = nullptr;   ///< Owned by the SSL.
    BIO* output_ = nullptr;  ///< Owned by the SSL.
};

}  // namespace webhooks::http
