#include <encryption/envelope.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/subscription_cipher.hpp>
#include <string>
#include <string_view>

namespace webhooks::storage {
namespace {

constexpr std::string_view subscriptions = "webhooks_subscription";

/// Replaces each value with `convert(value, context)`. The second part of the context says what the
/// value belongs to, as far as its column has several. @return the first error
template <class Convert>
Result<> convert_each(Subscription& subscription, Convert convert) {
    const std::string& user = subscription.user_id;
    Result<> done = convert(subscription.secret, {subscriptions, "secret", user});
    for (RetiredSecret& retired : subscription.retired_secrets) {
        const std::string expiry = std::to_string(to_micros(retired.expires_at));
        if (done) done = convert(retired.secret, {subscriptions, "retired_secrets", expiry, user});
    }
    for (Header& header : subscription.headers) {
        if (done) done = convert(header.value, {subscriptions, "headers", header.name, user});
    }
    return done;
}

std::string_view text_of(const Secret& value) {
    return value.reveal();
}
std::string_view text_of(const std::string& value) {
    return value;
}

void clear(Subscription& subscription) {
    subscription.secret = {};
    subscription.retired_secrets.clear();
    std::erase_if(subscription.headers, [](const Header& header) { return header.name.empty(); });
    for (Header& header : subscription.headers) {
        header.value.clear();
    }
    subscription.is_unreadable = true;
}

Error cannot_decrypt() {
    return {Errc::corrupt,
            "the stored secret and header values of this subscription cannot be decrypted; give it "
            "a new secret and new headers"};
}

}  // namespace

Result<> SubscriptionCipher::seal(Subscription& subscription) const {
    subscription.key_id = current_;
    if (current_ == 0) return {};
    const Secret& key = keys_.at(current_);
    return convert_each(subscription, [&key](auto& value, encryption::Context context) -> Result<> {
        Result<std::string> sealed = encryption::seal(key, text_of(value), context);
        if (!sealed) return sealed.error();
        value = std::decay_t<decltype(value)>(*std::move(sealed));
        return {};
    });
}

Result<> SubscriptionCipher::open(Subscription& subscription) const {
    const std::int64_t id = std::exchange(subscription.key_id, 0);
    if (id == 0) return {};
    const auto key = keys_.find(id);
    const Result<> opened =
        convert_each(subscription, [&](auto& value, encryption::Context context) -> Result<> {
            if (key == keys_.end()) return cannot_decrypt();
            Result<Secret> plain = encryption::open(key->second, text_of(value), context);
            if (!plain) return cannot_decrypt();
            value = std::decay_t<decltype(value)>(std::string(plain->reveal()));
            return {};
        });
    if (!opened) clear(subscription);
    return opened;
}

void SubscriptionCipher::open_or_clear(Subscription& subscription) const {
    // `is_unreadable` says what the error does.
    static_cast<void>(open(subscription));
}

bool replaces_secrets(const SubscriptionChange& change, const Subscription& subscription) {
    return change.secret && (change.headers || subscription.headers.empty());
}

}  // namespace webhooks::storage
