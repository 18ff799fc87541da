#pragma once

#include <string>
#include <webhooks/encryption.hpp>

#include "world.hpp"

namespace webhooks::simulation {

/// The key that protects the data keys of a database. Processes sometimes cannot obtain it, unlike
/// the reader that checks what is stored.
class Keys final : public KeyProvider {
public:
    Keys(World& world, double unavailable) : world_(world), unavailable_(unavailable) {}

    Result<EncryptionKey> current() override { return find("simulated"); }
    Result<EncryptionKey> find(const std::string& id) override {
        if (world_.has_faults && unavailable_ > 0 && world_.random.chance(unavailable_)) {
            ++world_.statistics.keys_unavailable;
            for (const auto& process : world_.processes) {
                process->note_trouble();
            }
            return Error(Errc::unavailable, "the key service was told to fail");
        }
        return EncryptionKey{.id = id, .bytes = Secret(std::string(32, 'k'))};
    }

private:
    World& world_;
    double unavailable_;
};

}  // namespace webhooks::simulation
