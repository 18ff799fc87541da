#include <algorithm>
#include <service/signers.hpp>
#include <signing/signature_header.hpp>
#include <utility>
#include <vector>
#include <webhooks/signature.hpp>

namespace webhooks::service {
namespace {

/// The number of subscriptions whose keys are kept prepared, at about a kilobyte each.
constexpr std::size_t max_prepared = 200'000;

}  // namespace

/// Of one version of a subscription.
class Signers::OfVersion final : public RequestSigner {
public:
    OfVersion(std::shared_ptr<const delivery::Endpoint> endpoint, std::vector<Signer> signers,
              Time valid_until)
        : endpoint_(std::move(endpoint)), signers_(std::move(signers)), valid_until_(valid_until) {}

    Result<std::string> sign(const OutgoingRequest& request) override {
        return signing::signature_header(signers_, request.webhook_id, request.webhook_timestamp,
                                         *request.body);
    }

    bool is_of(const std::shared_ptr<const delivery::Endpoint>& endpoint, Time sent_at) const {
        return endpoint_ == endpoint && sent_at < valid_until_;
    }

private:
    const std::shared_ptr<const delivery::Endpoint> endpoint_;
    std::vector<Signer> signers_;  ///< Newest first.
    /// When the first of the retired secrets expires.
    const Time valid_until_;
};

Result<std::shared_ptr<RequestSigner>> Signers::find(
    const std::shared_ptr<const delivery::Endpoint>& endpoint, Time sent_at) {
    const auto found = latest_.find(endpoint->id);
    if (found != latest_.end() && found->second->is_of(endpoint, sent_at)) {
        return std::shared_ptr<RequestSigner>(found->second);
    }
    std::vector<Signer> signers;
    const auto add = [&signers](const Secret& secret) -> Result<> {
        Result<Signer> signer = Signer::create(secret);
        if (!signer) return signer.error();
        signers.push_back(*std::move(signer));
        return {};
    };
    if (const Result<> added = add(endpoint->secret); !added) return added.error();
    Time valid_until = Time::max();
    for (const RetiredSecret& retired : endpoint->extras().retired_secrets) {
        if (retired.expires_at <= sent_at) continue;
        if (const Result<> added = add(retired.secret); !added) return added.error();
        valid_until = std::min(valid_until, retired.expires_at);
    }
    if (latest_.size() >= max_prepared) latest_.erase(latest_.begin());
    auto made = std::make_shared<OfVersion>(endpoint, std::move(signers), valid_until);
    latest_.insert_or_assign(endpoint->id, made);
    return std::shared_ptr<RequestSigner>(std::move(made));
}

}  // namespace webhooks::service
