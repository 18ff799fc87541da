#include <storage/sql/postgresql/due_cursor.hpp>
#include <support/catch.hpp>

using namespace webhooks;
using namespace std::chrono_literals;
using storage::DueCursor;

namespace {

constexpr SteadyTime start{100s};
constexpr DueCursor::Place last{.due = Time(5s), .event = {7}};

}  // namespace

TEST_CASE("a search for due events begins behind what earlier ones found") {
    DueCursor cursor;
    CHECK(cursor.begin(start).is_front());
    CHECK(cursor.begin(start).is_front());
    cursor.advance(last);
    CHECK(cursor.begin(start).event == last.event);
    CHECK(cursor.begin(start).due == last.due);
}

TEST_CASE("a search for due events begins at the front once a second, and after it found all") {
    DueCursor cursor;
    cursor.begin(start);
    cursor.advance(last);
    CHECK_FALSE(cursor.begin(start + 999ms).is_front());
    cursor.advance(last);
    CHECK(cursor.begin(start + 1s).is_front());
    cursor.advance(last);
    CHECK_FALSE(cursor.begin(start + 1999ms).is_front());
    cursor.reset();
    CHECK(cursor.begin(start + 1999ms).is_front());
}
