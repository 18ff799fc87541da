#include "authenticate.hpp"

#include "../ascii.hpp"

namespace webhooks::http {
namespace {

std::string_view bearer_token(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    if (!iequals(authorization.substr(0, scheme.size()), scheme)) return {};
    return trim(authorization.substr(scheme.size()));
}

class RefuseEveryone final : public Authenticator {
public:
    Result<Principal> authenticate(const Credentials&) override {
        return Error(Errc::not_found, "no credentials are accepted here");
    }
};

class ApiKeyAuthenticator final : public Authenticator {
public:
    explicit ApiKeyAuthenticator(ApiKeys keys) : keys_(std::move(keys)) {}

    Result<Principal> authenticate(const Credentials& credentials) override {
        if (credentials.bearer.empty()) return keys_.authenticate(credentials.api_key);
        auto bearer = keys_.authenticate(credentials.bearer);
        if (credentials.api_key.empty() || !bearer) return bearer;
        auto key = keys_.authenticate(credentials.api_key);
        if (key && *key != *bearer) return Error(Errc::not_found, "two users at once");
        return key;
    }

private:
    ApiKeys keys_;
};

}  // namespace

Result<Principal> identify(Authenticator& authenticator, const Fields& fields) {
    const Credentials credentials{.api_key = find_field(fields, "x-api-key"),
                                  .bearer = bearer_token(find_field(fields, "authorization"))};
    const bool is_repeated =
        count_fields(fields, "x-api-key") > 1 || count_fields(fields, "authorization") > 1;
    if (is_repeated) return Error(Errc::not_found, "credentials are repeated");
    if (credentials.api_key.empty() && credentials.bearer.empty()) {
        return Error(Errc::not_found, "there are no credentials");
    }
    return authenticator.authenticate(credentials);
}

std::shared_ptr<Authenticator> refuse_everyone() {
    return std::make_shared<RefuseEveryone>();
}

std::shared_ptr<Authenticator> authenticate_by_api_key(ApiKeys keys) {
    return std::make_shared<ApiKeyAuthenticator>(std::move(keys));
}

}  // namespace webhooks::http
