#include <webhooks/http/jwt.hpp>

#include <utility>
#include <webhooks/endpoint.hpp>

#include "../guarded_observer.hpp"
#include "jws.hpp"
#include "jwt_keys.hpp"
#include "jwt_token.hpp"
#include "published_keys.hpp"

namespace webhooks::http {
namespace {

using namespace std::chrono_literals;

class JwtCheck final : public CredentialCheck {
public:
    JwtCheck(JwtOptions options, std::unique_ptr<JwtKeySource> keys, std::shared_ptr<Clock> clock)
        : options_(std::move(options)), keys_(std::move(keys)), clock_(std::move(clock)) {}

    Result<Principal> check(std::string_view credential) override {
        if (!looks_like_jwt(credential)) return Error(Errc::not_found, "This is no token.");
        const Result<JwtKeySet> keys = keys_->current();
        if (!keys) return keys.error();
        if (names_unknown_key(credential, **keys) && keys_->look_for_new()) {
            return Error(Errc::unavailable,
                         "the keys that verify tokens are read again: a token names another one");
        }
        return read_jwt(credential, **keys, options_, clock_->now());
    }

private:
    const JwtOptions options_;
    const std::unique_ptr<JwtKeySource> keys_;
    const std::shared_ptr<Clock> clock_;
};

void check_url(const JwtOptions& options, std::vector<FieldError>& errors) {
    const Result<EndpointUrl> url = EndpointUrl::parse(options.jwks_url);
    if (!url || !url->is_https()) errors.push_back({"jwks_url", "must be an https URL"});
    if (!options.keys.empty() || !options.jwks_file.empty()) {
        errors.push_back({"jwks_url", "must be the only source of keys"});
    }
    if (!options.fetcher) errors.push_back({"fetcher", "is required with jwks_url"});
}

Result<> check_options(const JwtOptions& options) {
    std::vector<FieldError> errors;
    if (options.leeway < 0s || options.leeway > 10min) {
        errors.push_back({"leeway", "must be 0 s to 10 min"});
    }
    if (options.max_lifetime < 1s || options.max_lifetime > 366 * 24h) {
        errors.push_back({"max_lifetime", "must be 1 s to 366 days"});
    }
    if (options.permissions_claim.empty()) {
        errors.push_back({"permissions_claim", "must not be empty"});
    }
    if (!options.jwks_url.empty()) check_url(options, errors);
    if (errors.empty()) return {};
    return Error(std::move(errors));
}

Result<std::unique_ptr<JwtKeySource>> make_source(const JwtOptions& options,
                                                  std::shared_ptr<Clock> clock,
                                                  std::shared_ptr<Observer> observer) {
    if (options.jwks_url.empty()) {
        return load_jwt_keys(options, std::move(clock), std::move(observer));
    }
    return std::unique_ptr<JwtKeySource>(
        std::make_unique<ReadingKeys>(std::make_unique<PublishedKeys>(
            options.jwks_url, options.fetcher, std::move(clock), std::move(observer))));
}

}  // namespace

Result<std::shared_ptr<CredentialCheck>> check_jwt(JwtOptions options, std::shared_ptr<Clock> clock,
                                                   std::shared_ptr<Observer> observer) {
    if (Result<> verdict = check_options(options); !verdict) return verdict.error();
    if (!clock) clock = system_clock();
    auto keys = make_source(options, clock, std::make_shared<GuardedObserver>(std::move(observer)));
    if (!keys) return keys.error();
    // The keys are read: what they were read from need not stay in memory.
    options.keys.clear();
    return std::shared_ptr<CredentialCheck>(
        std::make_shared<JwtCheck>(std::move(options), *std::move(keys), std::move(clock)));
}

Result<std::shared_ptr<Authenticator>> authenticate_by_jwt(JwtOptions options,
                                                           std::shared_ptr<Clock> clock,
                                                           std::shared_ptr<Observer> observer) {
    auto check = check_jwt(std::move(options), std::move(clock), std::move(observer));
    if (!check) return check.error();
    return authenticate_by({*std::move(check)});
}

}  // namespace webhooks::http
