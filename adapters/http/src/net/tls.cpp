#include "tls.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace webhooks::http {
namespace {

Error unusable(const char* member, const std::string& file, const char* what) {
    const unsigned long code = ERR_peek_last_error();
    const char* const reason = ERR_reason_error_string(code);
    ERR_clear_error();
    return Error(
        {FieldError{member, file + " " + what + (reason ? std::string(": ") + reason : "")}});
}

Result<std::shared_ptr<SSL_CTX>> make_context(const TlsOptions& options) {
    for (const auto& [member, file] : {std::pair{"certificate_file", &options.certificate_file},
                                       std::pair{"key_file", &options.key_file}}) {
        struct stat found {};
        if (::stat(file->c_str(), &found) != 0) {
            return Error({FieldError{member, *file + ": " + std::strerror(errno)}});
        }
        // Opening anything else could block.
        if (!S_ISREG(found.st_mode))
            return Error({FieldError{member, *file + " is not a regular file"}});
    }
    ERR_clear_error();
    const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!context) throw std::bad_alloc();
    SSL_CTX* const ctx = context.get();
    // OpenSSL's default prompts on the terminal.
    SSL_CTX_set_default_passwd_cb(ctx, [](char*, int, int, void*) { return -1; });
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    // Forward secrecy: no static RSA. TLS 1.3 always has it.
    SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_options(
        ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_use_certificate_chain_file(ctx, options.certificate_file.c_str()) != 1) {
        return unusable("certificate_file", options.certificate_file, "has no usable certificate");
    }
    // A key of another kind than the certificate's is noticed only by the second call.
    if (SSL_CTX_use_PrivateKey_file(ctx, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1) {
        return unusable("key_file", options.key_file,
                        "has no usable key for the certificate (without a passphrase)");
    }
    return context;
}

}  // namespace

Result<std::unique_ptr<TlsCertificate>> load_certificate(const TlsOptions& options,
                                                         std::shared_ptr<Observer> observer) {
    return TlsCertificate::load(
        {.files = {options.certificate_file, options.key_file},
         .load = [options] { return make_context(options); }},
        {.reloaded = LogEvent::certificate_reloaded,
         .reloaded_message = "the server's certificate was reloaded",
         .unusable = LogEvent::certificate_unusable,
         .unusable_message = "the server keeps its previous certificate, because the changed one "
                             "cannot be used"},
        system_clock(), std::move(observer));
}

// ---- TlsFilter

TlsFilter::TlsFilter(std::shared_ptr<SSL_CTX> context)
    : context_(std::move(context)), ssl_(SSL_new(context_.get())) {
    input_ = BIO_new(BIO_s_mem());
    output_ = BIO_new(BIO_s_mem());
    if (!ssl_ || !input_ || !output_) {
        BIO_free(input_);
        BIO_free(output_);
        throw std::bad_alloc();
    }
    // An empty input means that more will come.
    BIO_set_mem_eof_return(input_, -1);
    SSL_set_bio(ssl_.get(), input_, output_);
    SSL_set_accept_state(ssl_.get());
}

std::optional<std::string> TlsFilter::receive(std::string_view bytes) {
    ERR_clear_error();
    if (BIO_write(input_, bytes.data(), static_cast<int>(bytes.size())) !=
        static_cast<int>(bytes.size())) {
        return {};
    }
    std::string text;
    std::array<char, 4096> piece;
    for (;;) {
        const int count = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
        if (count <= 0) {
            const bool wants_more = SSL_get_error(ssl_.get(), count) == SSL_ERROR_WANT_READ;
            ERR_clear_error();
            if (wants_more || !text.empty()) return text;
            return {};
        }
        text.append(piece.data(), static_cast<std::size_t>(count));
    }
}

bool TlsFilter::send(std::string_view bytes) {
    ERR_clear_error();
    const int size = static_cast<int>(bytes.size());
    const bool is_sent = bytes.empty() || SSL_write(ssl_.get(), bytes.data(), size) == size;
    ERR_clear_error();
    return is_sent;
}

void TlsFilter::finish() {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
    ERR_clear_error();
}

std::string TlsFilter::take_output() {
    std::string output(BIO_ctrl_pending(output_), '\0');
    if (!output.empty()) BIO_read(output_, output.data(), static_cast<int>(output.size()));
    return output;
}

}  // namespace webhooks::http
