#include <openssl/crypto.h>
#include <utility>
#include <webhooks/secret.hpp>

namespace webhooks {

// Moving a short string leaves its characters in the moved-from object, so they are wiped.
Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
    other.wipe();
}

Secret& Secret::operator=(const Secret& other) {
    if (this != &other) {
        std::string copy = other.text_;
        wipe();
        text_ = std::move(copy);
    }
    return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe();
        text_ = std::move(other.text_);
        other.wipe();
    }
    return *this;
}

Secret::~Secret() {
    wipe();
}

void Secret::wipe() noexcept {
    text_.resize(text_.capacity());
    OPENSSL_cleanse(text_.data(), text_.size());
    text_.clear();
}

// A friend is no member of the namespace that is exported as a whole.
WEBHOOKS_EXPORT bool operator==(const Secret& a, const Secret& b) noexcept {
    return a.text_.size() == b.text_.size() &&
           CRYPTO_memcmp(a.text_.data(), b.text_.data(), a.text_.size()) == 0;
}

}  // namespace webhooks
