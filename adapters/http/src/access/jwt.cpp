#include <webhooks/http/jwt.hpp>

#include <utility>

#include "../guarded_observer.hpp"
#include "jwt_keys.hpp"
#include "jwt_token.hpp"

namespace webhooks::http {
namespace {

using namespace std::chrono_literals;

class JwtCheck final : public CredentialCheck {
public:
    JwtCheck(JwtOptions options, std::unique_ptr<JwtKeys> keys, std::shared_ptr<Clock> clock)
        : options_(std::move(options)), keys_(std::move(keys)), clock_(std::move(clock)) {}

    Result<Principal> check(std::string_view credential) override {
        if (!looks_like_jwt(credential)) return Error(Errc::not_found, "This is no token.");
        return read_jwt(credential, *keys_->current(), options_, clock_->now());
    }

private:
    const JwtOptions options_;
    const std::unique_ptr<JwtKeys> keys_;
    const std::shared_ptr<Clock> clock_;
};

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
    if (errors.empty()) return {};
    return Error(std::move(errors));
}

}  // namespace

Result<std::shared_ptr<CredentialCheck>> check_jwt(JwtOptions options, std::shared_ptr<Clock> clock,
                                                   std::shared_ptr<Observer> observer) {
    if (Result<> verdict = check_options(options); !verdict) return verdict.error();
    if (!clock) clock = system_clock();
    auto keys =
        load_jwt_keys(options, clock, std::make_shared<GuardedObserver>(std::move(observer)));
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
