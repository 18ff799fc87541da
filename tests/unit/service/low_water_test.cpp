#include <service/low_water.hpp>
#include <support/catch.hpp>

namespace webhooks::service {

TEST_CASE("the low-water mark is below the first event that is not done") {
    LowWater mark;
    CHECK(mark.value() == EventId{0});
    mark.add({10}, 3);
    mark.add({20}, 1);
    CHECK(mark.value() == EventId{9});
    mark.mark_done({11});
    CHECK(mark.value() == EventId{9});
    mark.mark_done({10});
    CHECK(mark.value() == EventId{11});
    mark.mark_done({15});
    mark.mark_done({10});
    CHECK(mark.value() == EventId{11});
    mark.mark_done({12});
    CHECK(mark.value() == EventId{19});
    mark.mark_done({20});
    CHECK(mark.value() == EventId{20});
}

TEST_CASE("the low-water mark passes ids of other workers, but no event that is not done") {
    LowWater mark;
    mark.advance_to({5});
    CHECK(mark.value() == EventId{5});
    mark.advance_to({4});
    CHECK(mark.value() == EventId{5});
    mark.add({10}, 1);
    mark.advance_to({20});
    CHECK(mark.value() == EventId{9});
    mark.mark_done({10});
    CHECK(mark.value() == EventId{20});
}

}  // namespace webhooks::service
