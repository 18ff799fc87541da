#include <contract/heavy_query.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

struct InMemoryWithoutTime final : StorageUnderTest {
    std::shared_ptr<Storage> make(std::shared_ptr<Clock> clock) override {
        return make_memory_storage(std::move(clock), 1ms);
    }
};

}  // namespace

TEST_CASE_METHOD(StorageFixture<InMemoryWithoutTime>, "a query that times out in memory says so") {
    const HeavyQuery heavy(*this);
    heavy.check_that_it_ends(*storage);
}

TEST_CASE_METHOD(StorageFixture<InMemory>, "a query in memory ends when its caller has gone") {
    const HeavyQuery heavy(*this);
    heavy.check_that_it_stops(*storage);
}

}  // namespace webhooks::testing
