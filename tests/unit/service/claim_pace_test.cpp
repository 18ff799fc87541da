#include <service/claim_pace.hpp>
#include <support/catch.hpp>

namespace webhooks::service {
namespace {

struct PaceFixture {
    void claim(std::size_t held) { pace.note_claim(held, now); }
    bool is_ready(std::size_t held) const { return pace.ready_at(held) <= now; }

    SteadyTime now{};
    ClaimPace pace{10};
};

}  // namespace

TEST_CASE_METHOD(PaceFixture, "claims follow each other until delivery has enough") {
    CHECK(is_ready(0));
    claim(0);
    CHECK(is_ready(9));
    claim(9);
    CHECK_FALSE(is_ready(10));
    CHECK(is_ready(9));
}

TEST_CASE_METHOD(PaceFixture, "a claim waits for delivery, but not for longer than a pause") {
    claim(0);
    CHECK(pace.ready_at(1000) == now + ClaimPace::longest_pause);
    now += ClaimPace::longest_pause;
    CHECK(is_ready(1000));
}

TEST_CASE_METHOD(PaceFixture, "events that stay in memory make no later claim wait") {
    claim(0);
    now += ClaimPace::longest_pause;
    claim(15);
    CHECK(is_ready(24));
    claim(24);
    CHECK_FALSE(is_ready(25));
    CHECK(is_ready(15));
}

TEST_CASE_METHOD(PaceFixture, "events that stayed and then left no longer count") {
    claim(0);
    now += ClaimPace::longest_pause;
    claim(15);
    claim(3);
    CHECK(is_ready(12));
    CHECK_FALSE(is_ready(13));
}

}  // namespace webhooks::service
