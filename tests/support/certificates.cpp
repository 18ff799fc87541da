#include <support/certificates.hpp>

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

namespace webhooks::testing {
namespace {

constexpr long day = 24 * 3600;

void require(bool is_done) {
    if (!is_done) throw std::runtime_error("OpenSSL cannot make a certificate");
}

void add_extension(X509* certificate, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    require(extension != nullptr);
    require(X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

Certificate make_certificate(const std::string& name, EVP_PKEY* key, int days_left) {
    static long last_serial = 0;
    const long serial = ++last_serial;
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -30 * day);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), days_left * day);
    // Two authorities with the same name would be confused.
    const std::string unique_name = name + " " + std::to_string(serial);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(unique_name.c_str()), -1, -1,
                               0);
    require(X509_set_pubkey(certificate.get(), key) == 1);
    return certificate;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* key) {
    require(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1);
    require(X509_sign(certificate, key, EVP_sha256()) > 0);
}

std::string write_to_file(X509* certificate) {
    std::string path = std::filesystem::temp_directory_path() / "webhooks-ca-XXXXXX";
    const int descriptor = ::mkstemp(path.data());
    std::FILE* file = ::fdopen(descriptor, "w");
    require(file != nullptr && PEM_write_X509(file, certificate) == 1);
    std::fclose(file);
    return path;
}

}  // namespace

ThrowawayAuthority::ThrowawayAuthority(const char* curve)
    : key_(EVP_EC_gen(curve)), certificate_(make_certificate("Throw-away CA", key_.get(), 1)) {
    add_extension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate_.get(), NID_key_usage, "critical,keyCertSign");
    sign(certificate_.get(), certificate_.get(), key_.get());
    file_ = write_to_file(certificate_.get());
}

ThrowawayAuthority::~ThrowawayAuthority() {
    std::filesystem::remove(file_);
}

ServerContext ThrowawayAuthority::server(const std::string& names, int days_left) const {
    const Key key(EVP_EC_gen("P-256"));
    Certificate certificate = make_certificate("server", key.get(), days_left);
    return serve(std::move(certificate), key.get(), names);
}

ServerContext ThrowawayAuthority::rsa_server(const std::string& common_name,
                                             const std::string& names) const {
    const Key key(EVP_RSA_gen(2048));
    Certificate certificate = make_certificate("server", key.get(), 1);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                               0);
    return serve(std::move(certificate), key.get(), names);
}

ServerContext ThrowawayAuthority::serve(Certificate certificate, EVP_PKEY* key,
                                        const std::string& names) const {
    if (!names.empty()) add_extension(certificate.get(), NID_subject_alt_name, names);
    sign(certificate.get(), certificate_.get(), key_.get());
    ServerContext context(SSL_CTX_new(TLS_server_method()));
    require(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1);
    require(SSL_CTX_use_PrivateKey(context.get(), key) == 1);
    return context;
}

}  // namespace webhooks::testing
