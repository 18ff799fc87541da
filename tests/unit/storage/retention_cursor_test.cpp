#include <storage/retention_cursor.hpp>
#include <support/catch.hpp>

namespace webhooks::storage {

using namespace std::chrono_literals;

TEST_CASE("retention continues after what it has seen, and returns to what it kept an hour later") {
    RetentionCursor cursor;
    const Time start{1000h};
    CHECK(cursor.start(start) == EventId{0});
    cursor.advance({5}, false);
    cursor.advance({7}, true);
    cursor.advance({9}, true);
    CHECK(cursor.start(start + 2h) == EventId{9});
    cursor.finish(start + 2h);
    cursor.finish(start + 2h + 30min);
    CHECK(cursor.start(start + 3h - 1us) == EventId{9});
    CHECK(cursor.start(start + 3h) == EventId{6});
    cursor.advance({7}, false);
    cursor.advance({9}, false);
    cursor.finish(start + 3h);
    CHECK(cursor.start(start + 10h) == EventId{9});
}

}  // namespace webhooks::storage
