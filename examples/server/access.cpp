#include "access.hpp"

#include <cstdlib>
#include <webhooks/memory_storage.hpp>

namespace server {
namespace {

using webhooks::ApiKeys;
using webhooks::Principal;
using webhooks::Result;
using webhooks::http::Authenticator;
using webhooks::http::RequestHead;

Principal admin() {
    return Principal::administrator("admin");
}

/// Accepts callers that one of two authenticators identifies.
class EitherAuthenticator final : public Authenticator {
public:
    EitherAuthenticator(std::shared_ptr<Authenticator> first, std::shared_ptr<Authenticator> second)
        : first_(std::move(first)), second_(std::move(second)) {}

    Result<Principal> authenticate(const RequestHead& head) override {
        auto caller = first_->authenticate(head);
        return caller ? caller : second_->authenticate(head);
    }

private:
    std::shared_ptr<Authenticator> first_;
    std::shared_ptr<Authenticator> second_;
};

Result<ApiKeys> environment_keys(const char* key) {
    ApiKeys keys(webhooks::make_memory_storage());
    auto added = keys.add(admin(), webhooks::Secret(key));
    if (!added) {
        return webhooks::Error(webhooks::Errc::invalid_argument,
                               "WEBHOOKS_ADMIN_KEY must be 16-256 printable ASCII characters");
    }
    return keys;
}

}  // namespace

Result<Access> open_access(std::shared_ptr<webhooks::ApiKeyStore> storage) {
    auto stored = webhooks::http::authenticate_by_api_key(ApiKeys(std::move(storage)));
    const char* key = std::getenv("WEBHOOKS_ADMIN_KEY");
    if (key == nullptr) return Access{.authenticator = stored, .new_key = {}};
    auto environment = environment_keys(key);
    if (!environment) return environment.error();
    auto first = webhooks::http::authenticate_by_api_key(*environment);
    return Access{.authenticator = std::make_shared<EitherAuthenticator>(first, stored),
                  .has_environment_key = true,
                  .new_key = {}};
}

Result<> make_first_key(std::shared_ptr<webhooks::ApiKeyStore> storage, bool may_show,
                        Access& access) {
    if (access.has_environment_key) return {};
    ApiKeys keys(std::move(storage));
    auto known = keys.list();
    if (!known) return known.error();
    access.needs_key = known->empty() && !may_show;
    if (!known->empty() || !may_show) return {};
    auto key = keys.create(admin());
    if (!key) return key.error();
    access.new_key = *key;
    return {};
}

}  // namespace server
