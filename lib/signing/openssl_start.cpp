#include <openssl/crypto.h>

#include <signing/openssl_start.hpp>

namespace webhooks::signing {

void start_openssl() noexcept {
    OPENSSL_init_crypto(0, nullptr);
}

}  // namespace webhooks::signing
