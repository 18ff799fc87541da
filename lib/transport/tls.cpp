#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <transport/tls.hpp>
#include <utility>

namespace webhooks::transport {
namespace {

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE in the host's process if the
// peer has closed. So the bytes go through a BIO of the library's own.

int socket_of(BIO* bio) {
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int write_to_socket(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto written = ::send(socket_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (written < 0 && would_block()) BIO_set_retry_write(bio);
    return static_cast<int>(written);
}

int read_from_socket(BIO* bio, char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto got = ::recv(socket_of(bio), data, static_cast<std::size_t>(size), 0);
    if (got < 0 && would_block()) BIO_set_retry_read(bio);
    return static_cast<int>(got);
}

long control(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* make_socket_method() {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (method == nullptr) return nullptr;
    BIO_meth_set_write(method, write_to_socket);
    BIO_meth_set_read(method, read_from_socket);
    BIO_meth_set_ctrl(method, control);
    return method;
}

BIO* make_socket_bio(int socket) {
    static BIO_METHOD* const method = make_socket_method();
    BIO* bio = method == nullptr ? nullptr : BIO_new(method);
    if (bio == nullptr) return nullptr;
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
    BIO_set_init(bio, 1);
    return bio;
}

bool expect_name(SSL* session, const std::string& host, bool host_is_address) {
    if (host_is_address) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1;
    }
    // Only by subjectAltName (RFC 9525, section 6.3).
    SSL_set_hostflags(session,
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return SSL_set1_host(session, host.c_str()) == 1 &&
           SSL_set_tlsext_host_name(session, host.c_str()) == 1;
}

}  // namespace

Result<TlsContext> TlsContext::make(const std::string& ca_file) {
    std::unique_ptr<SSL_CTX, TlsDeleter> context(SSL_CTX_new(TLS_client_method()));
    if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
        // TLS 1.2 only with forward secrecy.
        SSL_CTX_set_cipher_list(context.get(), "DEFAULT:!kRSA") != 1 ||
        SSL_CTX_set_default_verify_paths(context.get()) != 1) {
        return Error(Errc::internal, "OpenSSL cannot be set up");
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context.get(), 1);  // Halves the number of system calls.
    if (!ca_file.empty() && SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) != 1) {
        ERR_clear_error();
        return Error(
            std::vector<FieldError>{{"ca_file", "cannot be read as a PEM file of certificates"}});
    }
    return TlsContext(std::move(context));
}

TlsSession TlsContext::session(int socket, const std::string& host, bool host_is_address) const {
    TlsSession session(SSL_new(context_.get()));
    if (!session || !expect_name(session.get(), host, host_is_address)) return nullptr;
    BIO* bio = make_socket_bio(socket);
    if (bio == nullptr) return nullptr;
    SSL_set_bio(session.get(), bio, bio);
    SSL_set_connect_state(session.get());
    return session;
}

std::string tls_error(const SSL& session) {
    const long verdict = SSL_get_verify_result(&session);
    if (verdict != X509_V_OK) {
        return std::string("certificate verify failed: ") + X509_verify_cert_error_string(verdict);
    }
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return std::string("TLS failed: ") + (reason != nullptr ? reason : "unknown reason");
}

}  // namespace webhooks::transport
