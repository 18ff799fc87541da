#pragma once

/// @file
/// The contract of `Storage` as tests, which a host's own Catch2 program (version 2 or 3) runs on
/// its own storage:
///
///     #include <webhooks/testing/storage_contract.hpp>
///
///     struct Mine final : webhooks::testing::StorageUnderTest {
///         std::shared_ptr<webhooks::Storage> make(std::shared_ptr<webhooks::Clock> clock) override
///         {
///             return std::make_shared<MyStorage>(std::move(clock));
///         }
///     };
///     WEBHOOKS_STORAGE_CONTRACT(Mine);
///
/// Link `webhooks::testing` and Catch2; the library itself does not contain Catch2. Include this
/// header in only one source file of a program, because it takes a while to compile.

#include <webhooks/testing/storage_contract/all_events.hpp>
#include <webhooks/testing/storage_contract/api_keys.hpp>
#include <webhooks/testing/storage_contract/append.hpp>
#include <webhooks/testing/storage_contract/audit.hpp>
#include <webhooks/testing/storage_contract/diagnosis.hpp>
#include <webhooks/testing/storage_contract/endpoint_state.hpp>
#include <webhooks/testing/storage_contract/event_types.hpp>
#include <webhooks/testing/storage_contract/fan_out.hpp>
#include <webhooks/testing/storage_contract/feed.hpp>
#include <webhooks/testing/storage_contract/fixture.hpp>
#include <webhooks/testing/storage_contract/in_doubt.hpp>
#include <webhooks/testing/storage_contract/list_query.hpp>
#include <webhooks/testing/storage_contract/log.hpp>
#include <webhooks/testing/storage_contract/narrowed.hpp>
#include <webhooks/testing/storage_contract/notices.hpp>
#include <webhooks/testing/storage_contract/operational.hpp>
#include <webhooks/testing/storage_contract/ordering.hpp>
#include <webhooks/testing/storage_contract/ordering_behind.hpp>
#include <webhooks/testing/storage_contract/overview.hpp>
#include <webhooks/testing/storage_contract/portal_sessions.hpp>
#include <webhooks/testing/storage_contract/pull.hpp>
#include <webhooks/testing/storage_contract/reopen.hpp>
#include <webhooks/testing/storage_contract/retention.hpp>
#include <webhooks/testing/storage_contract/sample.hpp>
#include <webhooks/testing/storage_contract/secrets.hpp>
#include <webhooks/testing/storage_contract/series.hpp>
#include <webhooks/testing/storage_contract/statistics.hpp>
#include <webhooks/testing/storage_contract/subscriptions.hpp>
#include <webhooks/testing/storage_contract/takeover.hpp>
#include <webhooks/testing/storage_contract/trace.hpp>
#include <webhooks/testing/storage_contract/undelivered.hpp>

#undef STORAGE_TEST

/// Registers every test of the contract for a storage, as "TEST - GIVEN".
/// @param given a class derived from `webhooks::testing::StorageUnderTest` that is made without
/// arguments.
/// @param ... tags of the tests, as "[slow]"; they have "[contract]" in any case.
#define WEBHOOKS_STORAGE_CONTRACT(given, ...)                                                 \
    static const webhooks::testing::ContractRegistration<given,                               \
                                                         webhooks::testing::StorageUnderTest> \
    WEBHOOKS_CONTRACT_NAME(storage_contract_registration_, __COUNTER__)(                      \
        webhooks::testing::storage_contract::contract_tests(), #given, "[contract]" __VA_ARGS__)
