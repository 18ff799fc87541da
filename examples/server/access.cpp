#include "access.hpp"

#include <cstdlib>
#include <utility>
#include <webhooks/memory_storage.hpp>

namespace server {
namespace {

using webhooks::ApiKeys;
using webhooks::Principal;
using webhooks::Result;
using webhooks::http::CredentialCheck;

Principal admin() {
    return Principal::administrator("admin");
}

/// The key of the environment, under a name that no key of the database has.
class EnvironmentKey final : public CredentialCheck {
public:
    explicit EnvironmentKey(ApiKeys keys) : keys_(std::move(keys)) {}

    Result<Principal> check(std::string_view credential) override {
        auto found = keys_.authenticate(credential);
        if (!found) return found;
        return found->identified_by(
            {.kind = webhooks::Credential::Kind::key, .id = "WEBHOOKS_ADMIN_KEY"});
    }

private:
    ApiKeys keys_;
};

Result<std::shared_ptr<CredentialCheck>> check_environment(const char* key) {
    ApiKeys keys(webhooks::make_memory_storage());
    auto added = keys.add(admin(), webhooks::Secret(key));
    if (!added) {
        return webhooks::Error(webhooks::Errc::invalid_argument,
                               "WEBHOOKS_ADMIN_KEY must be 16-256 printable ASCII characters");
    }
    return std::make_shared<EnvironmentKey>(std::move(keys));
}

}  // namespace

Result<Access> open_access(const Settings& settings, std::shared_ptr<webhooks::ApiKeyStore> storage,
                           std::shared_ptr<webhooks::Observer> log) {
    std::vector<std::shared_ptr<CredentialCheck>> checks;
    const char* const key = std::getenv("WEBHOOKS_ADMIN_KEY");
    if (key != nullptr) {
        auto environment = check_environment(key);
        if (!environment) return environment.error();
        checks.push_back(*environment);
    }
    if (settings.jwt.jwks_file.empty()) {
        if (!settings.jwt.audience.empty() || !settings.jwt.issuer.empty()) {
            return webhooks::Error({webhooks::FieldError{
                "jwks_file", "is needed: without it, no tokens are accepted"}});
        }
    } else {
        auto tokens = webhooks::http::check_jwt(settings.jwt, {}, std::move(log));
        if (!tokens) return tokens.error();
        checks.push_back(*tokens);
    }
    checks.push_back(webhooks::http::check_api_keys(ApiKeys(std::move(storage))));
    return Access{.authenticator = webhooks::http::authenticate_by(std::move(checks)),
                  .has_environment_key = key != nullptr,
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

Result<> make_portal_link(webhooks::WebhookService& service,
                          const std::optional<webhooks::http::PortalOptions>& portal, bool may_show,
                          Access& access) {
    if (!portal || !may_show) return {};
    auto sessions = service.portal_sessions();
    if (!sessions) return sessions.error();
    auto created = sessions->create(
        admin(), {.user_id = admin().user_id(), .view = webhooks::PortalView::administrator});
    if (!created) return created.error();
    access.portal_link = portal->link(created->code);
    return {};
}

}  // namespace server
