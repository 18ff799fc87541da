#include <service/next_action.hpp>
#include <support/catch.hpp>
#include <vector>

namespace webhooks::service {
namespace {

using namespace std::chrono_literals;
using Action = StorageAction;

const SteadyTime now = SteadyTime{} + 1h;

/// Everything is to be done.
StorageLoopState busy() {
    return {.heartbeat_at = now,
            .is_taking_over = true,
            .has_submissions = true,
            .has_unwritten = true,
            .feeds_at = now,
            .has_refill_requests = true,
            .claim_at = now,
            .maintain_at = now};
}

/// The actions of a round in which the state stays the same.
std::vector<StorageAction> round(const StorageLoopState& state) {
    std::vector<StorageAction> actions;
    NextAction next = next_action(state, now);
    while (next.action != Action::wait) {
        actions.push_back(next.action);
        REQUIRE(actions.size() < 20);
        next = next_action(state, now, next.action);
    }
    return actions;
}

}  // namespace

TEST_CASE("in a round the storage loop does each action at most once, however much there is") {
    CHECK(round(busy()) == std::vector{Action::heartbeat, Action::take_over, Action::write,
                                       Action::feeds, Action::refill, Action::claim,
                                       Action::maintain});
    CHECK(round({}).empty());
}

TEST_CASE("the storage loop does only what is to be done") {
    CHECK(round({.heartbeat_at = now}) == std::vector{Action::heartbeat});
    CHECK(round({.heartbeat_at = now + 1us}).empty());
    CHECK(round({.is_taking_over = true}) == std::vector{Action::take_over});
    CHECK(round({.has_unwritten = true}) == std::vector{Action::write});
    CHECK(round({.write_at = now}) == std::vector{Action::write});
    CHECK(round({.write_at = now + 1us}).empty());
    CHECK(round({.feeds_at = now}) == std::vector{Action::feeds});
    CHECK(round({.feeds_at = now + 1us}).empty());
    CHECK(round({.has_refill_requests = true}) == std::vector{Action::refill});
    CHECK(round({.claim_at = now - 1s}) == std::vector{Action::claim});
    CHECK(round({.claim_at = now + 1us}).empty());
    CHECK(round({.maintain_at = now}) == std::vector{Action::maintain});
}

TEST_CASE("while a batch is in doubt nothing that it may have reserved is read back") {
    StorageLoopState state = busy();
    state.is_batch_in_doubt = true;
    CHECK(round(state) == std::vector{Action::heartbeat, Action::take_over, Action::write,
                                      Action::feeds, Action::claim, Action::maintain});
}

TEST_CASE("while storage is not called, publications are rejected and nothing else is done") {
    StorageLoopState state = busy();
    state.has_failed = true;
    state.has_lost_identity = true;
    state.blocked_until = now + 1ms;
    CHECK(round(state) == std::vector{Action::reject});
    CHECK(next_action(state, now, Action::reject) == NextAction{Action::wait, now + 1ms});
    state.has_submissions = false;
    CHECK(round(state).empty());
    CHECK(next_action(state, now + 1ms).action == Action::reregister);
}

TEST_CASE("a call that fails in the middle of a round ends the round") {
    StorageLoopState state = busy();
    state.blocked_until = now + 1ms;
    CHECK(next_action(state, now, Action::write) == NextAction{Action::wait, now + 1ms});
}

TEST_CASE("a worker that failed registers again at the beginning of a round") {
    StorageLoopState state = busy();
    state.has_failed = true;
    CHECK(next_action(state, now).action == Action::reregister);
    CHECK(next_action(state, now, Action::reregister).action == Action::heartbeat);
    CHECK(next_action(state, now, Action::write).action == Action::feeds);
}

TEST_CASE("a lost identity is replaced in the middle of a round, and once") {
    StorageLoopState state = busy();
    state.has_lost_identity = true;
    CHECK(next_action(state, now).action == Action::reregister);
    CHECK(next_action(state, now, Action::claim).action == Action::reregister);
    CHECK(next_action(state, now, Action::maintain).action == Action::reregister);
    CHECK(next_action(state, now, Action::reregister).action == Action::heartbeat);
}

TEST_CASE("the storage loop waits for the first of what is due next") {
    const auto until = [](StorageLoopState state) { return next_action(state, now).until; };
    CHECK(until({.heartbeat_at = now + 1s, .maintain_at = now + 2s}) == now + 1s);
    CHECK(until({.heartbeat_at = now + 3s, .maintain_at = now + 2s}) == now + 2s);
    CHECK(until({.heartbeat_at = now + 3s, .claim_at = now + 1s, .maintain_at = now + 2s}) ==
          now + 1s);
}

}  // namespace webhooks::service
