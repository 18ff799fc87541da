#pragma once

#include <optional>
#include <string>
#include <webhooks/transport.hpp>

#include "generator.hpp"

namespace webhooks::simulation {

class Process;
class World;
struct EventState;

/// All endpoints. Each request is checked as it arrives, and the answer decided at once.
class Network {
public:
    explicit Network(World& world) : world_(world) {}

    /// @return the answer, which comes after `latency`; nothing: none ever does.
    std::optional<TransportAnswer> receive(Process& process, const OutgoingRequest& request,
                                           Micros latency);
    Micros latency();

private:
    TransportAnswer decide();
    static std::string text_of(const TransportAnswer& answer);
    void note(Process& process, const OutgoingRequest& request, EventState& event,
              const TransportAnswer& answer, Micros latency);

    World& world_;
};

/// The event that a `webhook-id` names, and its tag in hexadecimal.
struct WebhookId {
    std::string tag;
    std::int64_t event = 0;
};
WebhookId parse_webhook_id(const std::string& text);

}  // namespace webhooks::simulation
