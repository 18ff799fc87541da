#include <access/api_key_grant.hpp>
#include <base/user_id.hpp>
#include <base/utf8.hpp>
#include <utility>
#include <vector>
#include <webhooks/access.hpp>

namespace webhooks::access {
namespace {

constexpr std::size_t max_name_length = 64;

bool is_name(const std::string& name) {
    const auto length = count_code_points(name);
    return length && *length >= 1 && *length <= max_name_length;
}

Result<> check(const Principal& maker, const ApiKeyDraft& draft, Time now) {
    std::vector<FieldError> errors;
    const auto expect = [&](bool is_right, const char* field, const char* message) {
        if (!is_right) errors.push_back({field, message});
    };
    const std::optional<Time>& latest = maker.credential().expires_at;
    const bool is_made_by_key = maker.credential().kind == Credential::Kind::key;
    expect(is_name(draft.name), "name", "must be 1 to 64 characters of UTF-8 without U+0000");
    expect(!draft.user_id || is_user_id(*draft.user_id), "userId", user_id_rule);
    expect(!draft.permissions || !draft.permissions->empty(), "permissions",
           "must name at least one permission");
    const bool is_limited = draft.subscription || maker.subscription();
    expect(!draft.permissions || !draft.permissions->includes(Permission::administrator) ||
               !is_limited,
           "permissions", "must not have 'administrator' for one subscription");
    expect(!draft.permissions || *draft.permissions != Permissions::publisher() || !is_limited,
           "permissions",
           "must have more than 'events:publish' for one subscription, because publishing concerns "
           "all of a user's: leave subscriptionId out");
    expect(
        !draft.subscription || !maker.subscription() || draft.subscription == maker.subscription(),
        "subscriptionId", "must be the one that the key that makes it is limited to");
    expect(!draft.expires_at || *draft.expires_at > now, "expiresAt", "must be in the future");
    expect(!draft.expires_at || !is_made_by_key || !latest || *draft.expires_at <= *latest,
           "expiresAt", "must not be later than that of the key that makes it");
    expect(!draft.rate || (draft.rate->is_valid() && !draft.rate->is_unlimited()), "rateLimit",
           "must have 1 to 100000 requests per second, and a burst of up to 1000000");
    const std::optional<RequestRate>& own = maker.credential().rate;
    expect(!draft.rate || !is_made_by_key || !own || own->is_unlimited() ||
               (draft.rate->per_second <= own->per_second &&
                draft.rate->capacity() <= own->capacity()),
           "rateLimit", "must not be more than that of the key that makes it");
    if (errors.empty()) return {};
    return Error(std::move(errors));
}

Result<Permissions> permissions_of(const Principal& maker, const ApiKeyDraft& draft) {
    if (!draft.permissions) return Permissions::user() & maker.permissions();
    if (Result<> allowed = check_permissions(maker, *draft.permissions); !allowed) {
        return allowed.error();
    }
    return *draft.permissions;
}

}  // namespace

Result<ApiKeyRecord> record_of(const Principal& maker, const ApiKeyDraft& draft, Time now) {
    // It would outlive the session, which can be ended at once.
    if (maker.credential().kind == Credential::Kind::portal) {
        return Error(Errc::forbidden, "a session of the portal makes no API keys; use an API key");
    }
    if (Result<> verdict = check(maker, draft, now); !verdict) return verdict.error();
    const std::string& owner = draft.user_id.value_or(maker.user_id());
    if (!maker.may_see(owner)) {
        return Error(Errc::forbidden, "only an administrator may make a key for another user");
    }
    const Result<Permissions> permissions = permissions_of(maker, draft);
    if (!permissions) return permissions.error();
    ApiKeyRecord record{.hash = {},
                        .user_id = owner,
                        .name = draft.name,
                        .permissions = *permissions,
                        .subscription = draft.subscription,
                        .expires_at = draft.expires_at,
                        .rate = draft.rate};
    if (!record.subscription) record.subscription = maker.subscription();
    if (maker.credential().kind != Credential::Kind::key) return record;
    if (!record.expires_at) record.expires_at = maker.credential().expires_at;
    if (!record.rate) record.rate = maker.credential().rate;
    return record;
}

bool may_see(const Principal& principal, const ApiKeyRecord& key) {
    return principal.may_see(key.user_id) &&
           (!principal.subscription() || principal.subscription() == key.subscription);
}

}  // namespace webhooks::access
