#include <support/catch.hpp>
#include <webhooks/forwarding_storage.hpp>
#include <webhooks/memory_storage.hpp>

using namespace webhooks;

namespace {

/// Treats each call as configured.
class InterceptingStorage final : public ForwardingStorage {
public:
    using ForwardingStorage::ForwardingStorage;

    std::vector<Call> calls;
    bool forwards = true;
    Result<> verdict = {};

private:
    Result<> intercept(Call call, const std::function<Result<>()>& forward) override {
        calls.push_back(call);
        if (forwards) {
            const Result<> answer = forward();
            if (!answer) CHECK(answer.error() == Errc::not_found);
        }
        return verdict;
    }
};

using Call = ForwardingStorage::Call;

}  // namespace

TEST_CASE("a forwarding storage lets a derived one intercept each call and its result") {
    InterceptingStorage storage(make_memory_storage());
    CHECK(storage.upsert_event_type({.name = "a", .description = ""}));
    CHECK(storage.configuration(0).value().event_types.size() == 1);
    CHECK(storage.calls == std::vector{Call::upsert_event_type, Call::configuration});
    // The other storage's error is returned, whatever the derived one returns.
    CHECK(storage.delete_api_key(Principal::administrator("root"), {7}).error() == Errc::not_found);
}

TEST_CASE("a derived storage can answer instead of the other one") {
    InterceptingStorage storage(make_memory_storage());
    storage.verdict = Error(Errc::unavailable, "not now");
    CHECK(storage.upsert_event_type({.name = "a", .description = ""}).error() == Errc::unavailable);
    storage.verdict = {};
    CHECK(storage.configuration(0).value().event_types.size() == 1);
    storage.forwards = false;
    const Error mistake = storage.configuration(0).error();
    CHECK(mistake == Errc::internal);
    CHECK(mistake.detail().find("intercept") != std::string::npos);
}
