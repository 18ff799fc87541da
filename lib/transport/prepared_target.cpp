#include <algorithm>
#include <transport/prepared_target.hpp>
#include <transport/request_head.hpp>

namespace webhooks::transport {
namespace {

std::shared_ptr<const PreparedTarget> judge(const Target& target, const std::string& user_agent,
                                            Usage usage) {
    PreparedTarget prepared{
        .key = {std::string(target.url.origin()), target.policy}, .head = {}, .error = {}};
    Result<std::string> head = request_head(target, user_agent, usage);
    if (head) {
        prepared.head = std::move(*head);
    } else {
        prepared.error = head.error().detail();
    }
    return std::make_shared<const PreparedTarget>(std::move(prepared));
}

}  // namespace

std::shared_ptr<const PreparedTarget> PreparedTargets::prepare(
    const std::shared_ptr<const Target>& target) {
    const auto found = entries_.find(target.get());
    // An expired entry belongs to an earlier target at the same memory address.
    if (found != entries_.end() && !found->second.target.expired()) return found->second.prepared;
    if (entries_.size() >= drop_at_) drop_expired();
    auto prepared = judge(*target, user_agent_, usage_);
    entries_.insert_or_assign(target.get(), Entry{target, prepared});
    return prepared;
}

void PreparedTargets::drop_expired() {
    std::erase_if(entries_, [](const auto& entry) { return entry.second.target.expired(); });
    drop_at_ = std::max<std::size_t>(1024, 2 * entries_.size());
}

}  // namespace webhooks::transport
