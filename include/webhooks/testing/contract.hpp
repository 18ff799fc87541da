#pragma once

/// @file
/// Registers the tests of a contract with Catch2. Programs include storage_contract.hpp or
/// transport_contract.hpp.

#include <string>
#include <utility>
#include <vector>
#include <webhooks/export.hpp>
#include <webhooks/testing/catch.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace testing {

/// One test of a contract. `Subject` is the interface through which the host supplies what is
/// tested.
template <class Subject>
struct ContractTest {
    std::string name;
    Catch::SourceLineInfo line;
    void (*run)(Subject&);
};

/// Registers the tests for one subject; each runs on its own `Given`.
template <class Given, class Subject>
class ContractRegistration {
public:
    ContractRegistration(const std::vector<ContractTest<Subject>>& tests, const std::string& given,
                         const std::string& tags) {
        for (const ContractTest<Subject>& test : tests) {
            const std::string name = test.name + " - " + given;
            Catch::AutoReg(CatchInvoker(new Invoker(test.run)), test.line, Catch::StringRef(),
                           Catch::NameAndTags{name, tags});
        }
    }

private:
    class Invoker final : public Catch::ITestInvoker {
    public:
        explicit Invoker(void (*run)(Subject&)) : run_(run) {}

        void invoke() const override {
            Given given;
            run_(given);
        }

    private:
        void (*run_)(Subject&);
    };
};

}  // namespace testing
}  // namespace webhooks

#define WEBHOOKS_CONTRACT_NAME_2(prefix, line) prefix##line
#define WEBHOOKS_CONTRACT_NAME(prefix, line) WEBHOOKS_CONTRACT_NAME_2(prefix, line)

/// A test, whose body follows, as a member of a class derived from `fixture`, which is constructed
/// from a `subject&`. A function `std::vector<ContractTest<subject>>& contract_tests()` must be in
/// scope.
#define WEBHOOKS_CONTRACT_TEST_2(subject, fixture, test, name)                                 \
    struct test : fixture {                                                                    \
        using fixture::fixture;                                                                \
        void test_body();                                                                      \
    };                                                                                         \
    [[maybe_unused]] const bool WEBHOOKS_CONTRACT_NAME(test, _registered) = [] {               \
        contract_tests().push_back(                                                            \
            {name, CATCH_INTERNAL_LINEINFO, [](subject& given) { test(given).test_body(); }}); \
        return true;                                                                           \
    }();                                                                                       \
    void test::test_body()
#define WEBHOOKS_CONTRACT_TEST(subject, fixture, name)                                             \
    WEBHOOKS_CONTRACT_TEST_2(subject, fixture, WEBHOOKS_CONTRACT_NAME(ContractTest_, __COUNTER__), \
                             name)
