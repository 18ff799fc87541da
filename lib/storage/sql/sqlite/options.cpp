#include <base/ranges.hpp>
#include <webhooks/sqlite_storage.hpp>

namespace webhooks {

Result<> SqliteOptions::validate() const {
    using namespace std::chrono_literals;
    RangeCheck check;
    if (path.starts_with(":")) {
        check.error("path", "must name a file; for a database in memory use make_memory_storage");
    } else if (path.starts_with("file:")) {
        // SQLite would open what the URI names, next to the file that this path names.
        check.error("path", "must name a file, not a URI: leave out 'file:' and parameters");
    } else if (path.empty() || path.find('"') != std::string::npos ||
               path.find('\0') != std::string::npos) {
        check.error("path", "must name a file, without '\"' and U+0000");
    }
    check.in("readers", readers, 1, 64, "");
    check.in("busy_timeout", busy_timeout, 0ms, 60s);
    check.in("query_timeout", query_timeout, 1ms, 1h);
    return check.result();
}

}  // namespace webhooks
