#include <webhooks/portal_sessions.hpp>

#include <base/thrown.hpp>
#include <base/user_id.hpp>
#include <charconv>
#include <signing/digest.hpp>
#include <vector>
#include <webhooks/access.hpp>
#include <webhooks/random.hpp>

namespace webhooks {
namespace {

using std::chrono::seconds;

constexpr std::size_t random_bytes_of_code = 32;
constexpr std::size_t max_credential_bytes = 256;
constexpr std::string_view token_prefix = "whp_";
constexpr seconds min_lifetime = std::chrono::minutes(5);
constexpr seconds max_lifetime = std::chrono::hours(24);
/// A page makes some requests at once, and one every few seconds.
constexpr RequestRate session_rate{.per_second = 20, .burst = 60};

Result<Secret> make_credential(std::string_view prefix) {
    Result<std::string> random = signing::random_bytes(random_bytes_of_code, *system_random());
    if (!random) return random.error();
    const Secret bytes(std::move(*random));
    return Secret(std::string(prefix) + signing::base64url_encode(bytes.reveal()));
}

Result<> check(const PortalSessionDraft& draft) {
    std::vector<FieldError> errors;
    const auto expect = [&](bool is_right, const char* field, const char* message) {
        if (!is_right) errors.push_back({field, message});
    };
    expect(is_user_id(draft.user_id), "userId", user_id_rule);
    expect(draft.lifetime >= min_lifetime && draft.lifetime <= max_lifetime, "expiresInSeconds",
           "must be 300 to 86400");
    if (draft.permissions) {
        expect(!draft.permissions->empty(), "permissions", "must name at least one permission");
        expect(draft.view == PortalView::user, "permissions",
               "must be absent: this view has all of them");
        expect(!draft.permissions->includes(Permission::administrator), "permissions",
               "must not have 'administrator', which the view 'operator' has");
    }
    if (errors.empty()) return {};
    return Error(std::move(errors));
}

Permissions permissions_of(const PortalSessionDraft& draft) {
    if (draft.view == PortalView::administrator) return Permissions::administrator();
    return draft.permissions.value_or(Permissions::user() - Permission::events_publish);
}

Principal principal_of(const PortalSessionRecord& record) {
    return Principal::user(record.user_id, record.permissions)
        .identified_by({.kind = Credential::Kind::portal,
                        .id = std::to_string(record.id.value),
                        .expires_at = record.expires_at,
                        .rate = session_rate});
}

}  // namespace

PortalView view_of(const Principal& principal) {
    return principal.is_administrator() ? PortalView::administrator : PortalView::user;
}

bool is_portal_token(std::string_view credential) noexcept {
    return credential.starts_with(token_prefix);
}

PortalSessions::PortalSessions(std::shared_ptr<PortalSessionStore> storage,
                               std::shared_ptr<Clock> clock)
    : storage_(std::move(storage)), clock_(clock ? std::move(clock) : system_clock()) {}

Result<CreatedPortalSession> PortalSessions::create(const Principal& maker,
                                                    const PortalSessionDraft& draft) try {
    if (Result<> allowed = check_access(maker, Action::create_portal_session); !allowed) {
        return allowed.error();
    }
    if (Result<> valid = check(draft); !valid) return valid.error();
    Result<Secret> code = make_credential("");
    if (!code) return code.error();
    const Time now = clock_->now();
    const auto inserted =
        storage_->insert_portal_session(maker, {.code_hash = signing::sha256(code->reveal()),
                                                .user_id = draft.user_id,
                                                .permissions = permissions_of(draft),
                                                .code_expires_at = now + portal_code_lifetime,
                                                .expires_at = now + draft.lifetime});
    if (!inserted) return inserted.error();
    return CreatedPortalSession{.code = *std::move(code), .record = *inserted};
} catch (...) {
    return error_of_thrown();
}

Result<StartedPortalSession> PortalSessions::start(std::string_view code, const Origin& from) try {
    if (code.empty() || code.size() > max_credential_bytes) {
        return Error(Errc::not_found, "no such code");
    }
    Result<Secret> token = make_credential(token_prefix);
    if (!token) return token.error();
    const auto session = storage_->redeem_portal_code(
        signing::sha256(code), signing::sha256(token->reveal()), clock_->now(), from);
    if (!session) return session.error();
    if (!*session) return Error(Errc::not_found, "no such code");
    return StartedPortalSession{.token = *std::move(token), .principal = principal_of(**session)};
} catch (...) {
    return error_of_thrown();
}

Result<Principal> PortalSessions::authenticate(std::string_view token) const try {
    const Error unknown(Errc::not_found, "no such session");
    if (!is_portal_token(token) || token.size() > max_credential_bytes) return unknown;
    const std::string hash = signing::sha256(token);
    const auto found = storage_->find_portal_session(hash);
    if (!found) return found.error();
    if (!*found || !signing::equal_in_constant_time((*found)->token_hash, hash)) return unknown;
    if ((*found)->expires_at <= clock_->now()) return unknown;
    return principal_of(**found);
} catch (...) {
    return error_of_thrown();
}

Result<> PortalSessions::revoke(const Principal& principal, PortalSessionId id) try {
    if (Result<> allowed = check_access(principal, Action::delete_portal_session); !allowed) {
        return allowed;
    }
    return storage_->delete_portal_session(principal, id);
} catch (...) {
    return error_of_thrown();
}

Result<std::size_t> PortalSessions::revoke_all(const Principal& principal,
                                               const std::string& user_id) try {
    if (Result<> allowed = check_access(principal, Action::delete_portal_session); !allowed) {
        return allowed.error();
    }
    if (!is_user_id(user_id)) {
        return Error(std::vector<FieldError>{{"userId", user_id_rule}});
    }
    return storage_->delete_portal_sessions(principal, user_id);
} catch (...) {
    return error_of_thrown();
}

Result<> PortalSessions::end(const Principal& principal) try {
    const Credential& credential = principal.credential();
    PortalSessionId id{};
    const char* const last = credential.id.data() + credential.id.size();
    const bool is_id = std::from_chars(credential.id.data(), last, id.value).ptr == last;
    if (credential.kind != Credential::Kind::portal || !is_id) {
        return Error(Errc::not_found, "the caller has no session of the portal");
    }
    const Result<> ended = storage_->delete_portal_session(principal, id);
    // Another request may have ended it in the meantime.
    if (!ended && ended.error() == Errc::not_found) return {};
    return ended;
} catch (...) {
    return error_of_thrown();
}

}  // namespace webhooks
