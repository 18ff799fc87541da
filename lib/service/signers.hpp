#pragma once

#include <delivery/endpoint.hpp>
#include <memory>
#include <unordered_map>
#include <webhooks/error.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::service {

/// The prepared keys of subscriptions: preparing one costs more than to sign with it.
class Signers {
public:
    /// The signer of this version of a subscription, for a request at that time.
    /// @return why a secret cannot sign.
    Result<std::shared_ptr<RequestSigner>> find(
        const std::shared_ptr<const delivery::Endpoint>& endpoint, Time sent_at);

private:
    class OfVersion;

    std::unordered_map<SubscriptionId, std::shared_ptr<OfVersion>> latest_;
};

}  // namespace webhooks::service
