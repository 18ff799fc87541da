#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <webhooks/ids.hpp>

namespace sqlite_api {
struct sqlite3_stmt;
}

namespace webhooks::storage {

/// A statement of the hot path, prepared once and executed for each row. It goes past SOCI, which
/// takes longer over a row than SQLite does (docs/decisions/0015-hot-statements-past-soci.md).
/// Throws what SOCI throws.
class SqliteStatement {
public:
    SqliteStatement(soci::session& sql, const std::string& text);

    /// Binds the values to the parameters in their order.
    /// @return how many rows were changed.
    template <class... Values>
    int execute(const Values&... values) {
        int place = 0;
        (bind(++place, values), ...);
        return run();
    }

private:
    struct Finalize {
        void operator()(sqlite_api::sqlite3_stmt* statement) const noexcept;
    };

    void bind(int place, std::int64_t value);
    /// The text must live until the statement was executed.
    void bind(int place, std::string_view value);
    void bind(int place, const std::string& value) { bind(place, std::string_view(value)); }
    void bind_null(int place);
    template <class Tag>
    void bind(int place, Id<Tag> id) {
        bind(place, id.value);
    }
    template <class T>
    void bind(int place, const std::optional<T>& value) {
        value ? bind(place, *value) : bind_null(place);
    }
    int run();

    std::unique_ptr<sqlite_api::sqlite3_stmt, Finalize> statement_;
};

}  // namespace webhooks::storage
