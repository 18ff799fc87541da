// The contract of Storage on each of the library's storages.

#include <contract/encryption_fixture.hpp>
#include <contract/storages.hpp>
#include <webhooks/testing/storage_contract.hpp>

namespace webhooks::testing {

WEBHOOKS_STORAGE_CONTRACT(InMemory);
#ifdef WEBHOOKS_TEST_SQLITE
WEBHOOKS_STORAGE_CONTRACT(OnSqlite);
WEBHOOKS_STORAGE_CONTRACT(OnIndexedSqlite);
WEBHOOKS_STORAGE_CONTRACT(OnEncryptedSqlite);
#endif
#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
WEBHOOKS_STORAGE_CONTRACT(OnPostgresql, "[postgresql]");
WEBHOOKS_STORAGE_CONTRACT(OnSmallPartitions, "[postgresql]");
#endif

}  // namespace webhooks::testing
