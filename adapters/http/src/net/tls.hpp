#pragma once

/// @file
/// TLS of the listener, as a filter between the bytes of a socket and those of HTTP. It works on
/// memory: the session keeps the socket, and with it every limit of time.

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

/// The certificate of a listener. Its files are read again when they change, for the connections
/// that come after. Any thread, several at once.
class TlsCertificate {
public:
    /// @return invalid_argument that names the file which cannot be used.
    static Result<std::unique_ptr<TlsCertificate>> load(const TlsOptions& options,
                                                        std::shared_ptr<Observer> observer);

    /// What a new connection is to use.
    std::shared_ptr<SSL_CTX> current();

private:
    TlsCertificate(const TlsOptions& options, std::shared_ptr<Observer> observer,
                   std::shared_ptr<SSL_CTX> context, std::string state);
    void refresh();

    const TlsOptions options_;
    const std::shared_ptr<Observer> observer_;
    std::mutex mutex_;
    std::shared_ptr<SSL_CTX> context_;
    std::string state_;  ///< Of the files when they were read last.
    std::chrono::steady_clock::time_point checked_;
};

/// One connection's TLS, the server's side.
class TlsFilter {
public:
    explicit TlsFilter(std::shared_ptr<SSL_CTX> context);

    /// Takes bytes that came from the socket, and gives those of HTTP that are in them.
    /// @return nullopt if the peer does not speak TLS as it is accepted here, or has ended it. What
    /// take_output() then gives tells the peer why.
    std::optional<std::string> receive(std::string_view bytes);

    /// Makes records of bytes of HTTP. @pre receive() gave some, so that the handshake is over.
    /// @return false if TLS has ended.
    bool send(std::string_view bytes);

    /// Tells the peer that nothing more comes.
    void finish();

    /// What is to be written to the socket: records, and what the handshake says.
    std::string take_output();

private:
    struct Free {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };

    std::shared_ptr<SSL_CTX> context_;
    std::unique_ptr<SSL, Free> ssl_;
    BIO* input_ = nullptr;   ///< The SSL's.
    BIO* output_ = nullptr;  ///< The SSL's.
};

}  // namespace webhooks::http
