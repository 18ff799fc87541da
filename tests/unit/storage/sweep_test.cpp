#include <storage/sweep.hpp>
#include <support/catch.hpp>

namespace webhooks::storage {

using namespace std::chrono_literals;

TEST_CASE("retention continues after what it has seen, and returns to what it kept an hour later") {
    Sweep sweep;
    const Time start{1000h};
    CHECK(sweep.resume(start) == EventId{0});
    sweep.see({5}, false);
    sweep.see({7}, true);
    sweep.see({9}, true);
    CHECK(sweep.resume(start + 2h) == EventId{9});
    sweep.rest(start + 2h);
    sweep.rest(start + 2h + 30min);
    CHECK(sweep.resume(start + 3h - 1us) == EventId{9});
    CHECK(sweep.resume(start + 3h) == EventId{6});
    sweep.see({7}, false);
    sweep.see({9}, false);
    sweep.rest(start + 3h);
    CHECK(sweep.resume(start + 10h) == EventId{9});
}

}  // namespace webhooks::storage
