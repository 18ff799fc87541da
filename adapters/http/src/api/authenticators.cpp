#include <webhooks/http/authenticator.hpp>

#include "../ascii.hpp"

namespace webhooks::http {
namespace {

/// Other schemes of `Authorization` are ignored: they may be meant for a proxy.
std::string_view bearer_token(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    if (!iequals(authorization.substr(0, scheme.size()), scheme)) return {};
    return trim(authorization.substr(scheme.size()));
}

class DenyAll final : public Authenticator {
public:
    Result<Principal> authenticate(const RequestHead&) override {
        return Error(Errc::not_found, "No credentials are accepted here.");
    }
};

class ApiKeyAuthenticator final : public Authenticator {
public:
    explicit ApiKeyAuthenticator(ApiKeys keys) : keys_(std::move(keys)) {}

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
        if (second && *second != *first) return unknown();
        return second;
    }

private:
    static Error unknown() {
        return Error(Errc::not_found,
                     "A valid API key is required, in x-api-key or as a Bearer token.");
    }

    /// Distinguishes an unavailable storage from an invalid key.
    Result<Principal> find(std::string_view key) const {
        if (key.empty()) return unknown();
        auto found = keys_.authenticate(key);
        const bool is_unknown =
            !found && (found.error() == Errc::not_found || found.error() == Errc::invalid_argument);
        return is_unknown ? unknown() : found;
    }

    ApiKeys keys_;
};

}  // namespace

std::shared_ptr<Authenticator> deny_all() {
    return std::make_shared<DenyAll>();
}

std::shared_ptr<Authenticator> authenticate_by_api_key(ApiKeys keys) {
    return std::make_shared<ApiKeyAuthenticator>(std::move(keys));
}

}  // namespace webhooks::http
