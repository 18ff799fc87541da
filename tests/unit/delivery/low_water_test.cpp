#include <delivery/low_water.hpp>
#include <support/catch.hpp>

namespace webhooks::delivery {

TEST_CASE("the low-water mark is below the first event that is not done") {
    LowWater mark;
    CHECK(mark.value() == EventId{0});
    mark.add({10}, 3);
    mark.add({20}, 1);
    CHECK(mark.value() == EventId{9});
    mark.settle({11});
    CHECK(mark.value() == EventId{9});
    mark.settle({10});
    CHECK(mark.value() == EventId{11});
    mark.settle({15});
    mark.settle({10});
    CHECK(mark.value() == EventId{11});
    mark.settle({12});
    CHECK(mark.value() == EventId{19});
    mark.settle({20});
    CHECK(mark.value() == EventId{20});
}

TEST_CASE("the low-water mark passes ids of other workers, but no event that is not done") {
    LowWater mark;
    mark.pass({5});
    CHECK(mark.value() == EventId{5});
    mark.pass({4});
    CHECK(mark.value() == EventId{5});
    mark.add({10}, 1);
    mark.pass({20});
    CHECK(mark.value() == EventId{9});
    mark.settle({10});
    CHECK(mark.value() == EventId{20});
}

}  // namespace webhooks::delivery
