#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <string>

namespace webhooks::testing {

template <class T, void (*release)(T*)>
struct Releaser {
    void operator()(T* object) const noexcept { release(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Releaser<X509, X509_free>>;
using ServerContext = std::unique_ptr<SSL_CTX, Releaser<SSL_CTX, SSL_CTX_free>>;

/// A certificate authority for the lifetime of a test. Its own certificate is in a file.
class ThrowawayAuthority {
public:
    /// @param curve of its key: P-384 signatures take clients ten times as long to verify.
    explicit ThrowawayAuthority(const char* curve = "P-256");
    ~ThrowawayAuthority();
    ThrowawayAuthority(const ThrowawayAuthority&) = delete;
    ThrowawayAuthority& operator=(const ThrowawayAuthority&) = delete;

    const std::string& file() const noexcept { return file_; }

    /// A server whose certificate is for these names, e.g. "DNS:a.example,IP:127.0.0.1".
    /// @param days_left Until it expires; may be negative.
    ServerContext server(const std::string& names, int days_left = 1) const;
    /// The same with an RSA key and a common name; `names` may be empty.
    ServerContext rsa_server(const std::string& common_name, const std::string& names) const;

private:
    ServerContext serve(Certificate certificate, EVP_PKEY* key, const std::string& names) const;

    Key key_;
    Certificate certificate_;
    std::string file_;
};

}  // namespace webhooks::testing
