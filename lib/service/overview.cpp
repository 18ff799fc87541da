#include <base/user_id.hpp>
#include <service/webhook_service_impl.hpp>

namespace webhooks {
namespace {

constexpr std::chrono::seconds overview_lifetime{2};

}  // namespace

Result<Overview> WebhookService::Impl::overview() {
    const std::scoped_lock lock(cached_overview_.mutex);
    const SteadyTime now = clock->steady_now();
    if (!cached_overview_.read_at || now - *cached_overview_.read_at >= overview_lifetime) {
        Result<Overview> read = storage->overview();
        if (!read) return read;
        cached_overview_.overview = *std::move(read);
        cached_overview_.read_at = now;
    }
    return cached_overview_.overview;
}

Result<std::vector<UserSummary>> WebhookService::Impl::users(const std::string& after,
                                                             std::size_t take) const {
    std::vector<FieldError> errors;
    if (take < 1 || take > max_users_in_page) {
        errors.push_back(
            {"take", "must be a whole number, 1 to " + std::to_string(max_users_in_page)});
    }
    if (!after.empty() && !is_user_id(after)) errors.push_back({"after", user_id_rule});
    if (!errors.empty()) return Error(std::move(errors));
    return storage->users(after, take);
}

}  // namespace webhooks
