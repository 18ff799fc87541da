#pragma once

/// @file
/// TLS of the listener, as a filter between the bytes of a socket and those of HTTP. It works in
/// memory: the session keeps the socket, and with it all time limits.

#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <webhooks/error.hpp>
#include <webhooks/http/server.hpp>
#include <webhooks/observer.hpp>

namespace webhooks::http {

/// The certificate of a listener. Its files are read again when they change, for later connections.
/// Thread-safe.
class TlsCertificate {
public:
    /// @return invalid_argument that names the file that cannot be used.
    static Result<std::unique_ptr<TlsCertificate>> load(const TlsOptions& options,
                                                        std::shared_ptr<Observer> observer);

    /// For a new connection.
    std::shared_ptr<SSL_CTX> current();

private:
    TlsCertificate(const TlsOptions& options, std::shared_ptr<Observer> observer,
                   std::shared_ptr<SSL_CTX> context, std::string state);
    void refresh();

    const TlsOptions options_;
    const std::shared_ptr<Observer> observer_;
    std::mutex mutex_;
    std::shared_ptr<SSL_CTX> context_;
    std::string state_;  ///< Of the files when they were last read.
    std::chrono::steady_clock::time_point checked_;
};

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
