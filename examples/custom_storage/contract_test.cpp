// Proves that the host's own storage fulfils the contract of webhooks::Storage.

#include <sstream>
#include <webhooks/memory_storage.hpp>
#include <webhooks/testing/storage_contract.hpp>

#include "audited_storage.hpp"

struct Audited final : webhooks::testing::StorageUnderTest {
    std::shared_ptr<webhooks::Storage> make(std::shared_ptr<webhooks::Clock> clock) override {
        return std::make_shared<AuditedStorage>(webhooks::make_memory_storage(clock), audit);
    }
    std::ostringstream audit;
};
WEBHOOKS_STORAGE_CONTRACT(Audited);
