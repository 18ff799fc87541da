#include <webhooks/http/authenticator.hpp>

#include "bearer_token.hpp"

namespace webhooks::http {
namespace {

class DenyAll final : public Authenticator {
public:
    Result<Principal> authenticate(const RequestHead&) override {
        return Error(Errc::not_found, "No credentials are accepted here.");
    }
};

class ApiKeyCheck final : public CredentialCheck {
public:
    explicit ApiKeyCheck(ApiKeys keys) : keys_(std::move(keys)) {}

    Result<Principal> check(std::string_view credential) override {
        return keys_.authenticate(credential);
    }

private:
    ApiKeys keys_;
};

class CheckingAuthenticator final : public Authenticator {
public:
    explicit CheckingAuthenticator(std::vector<std::shared_ptr<CredentialCheck>> checks)
        : checks_(std::move(checks)) {}

    Result<Principal> authenticate(const RequestHead& head) override {
        if (count_fields(head.fields, "x-api-key") > 1 ||
            count_fields(head.fields, "authorization") > 1) {
            return unknown();
        }
        const std::string_view key = find_field(head.fields, "x-api-key");
        const std::string_view bearer = bearer_token(find_field(head.fields, "authorization"));
        if (bearer.empty()) return find(key);
        auto first = find(bearer);
        if (key.empty() || !first) return first;
        auto second = find(key);
        if (second && *second != *first) {
            return Error(Errc::not_found,
                         "The credentials in x-api-key and the Bearer token are of different "
                         "callers; send one of them.");
        }
        return second;
    }

private:
    static Error unknown() {
        return Error(Errc::not_found,
                     "Valid credentials are required, in x-api-key or as a Bearer token.");
    }

    /// Distinguishes an unavailable storage from an invalid key.
    Result<Principal> find(std::string_view credential) const {
        if (credential.empty()) return unknown();
        for (const auto& check : checks_) {
            auto found = check->check(credential);
            if (found || found.error() != Errc::not_found) return found;
        }
        return unknown();
    }

    std::vector<std::shared_ptr<CredentialCheck>> checks_;
};

}  // namespace

std::shared_ptr<Authenticator> deny_all() {
    return std::make_shared<DenyAll>();
}

std::shared_ptr<CredentialCheck> check_api_keys(ApiKeys keys) {
    return std::make_shared<ApiKeyCheck>(std::move(keys));
}

std::shared_ptr<Authenticator> authenticate_by(
    std::vector<std::shared_ptr<CredentialCheck>> checks) {
    return std::make_shared<CheckingAuthenticator>(std::move(checks));
}

std::shared_ptr<Authenticator> authenticate_by_api_key(ApiKeys keys) {
    return authenticate_by({check_api_keys(std::move(keys))});
}

}  // namespace webhooks::http
