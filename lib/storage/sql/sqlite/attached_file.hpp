#pragma once

#include <storage/sql/sqlite/statement.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace webhooks::storage {

/// The file of a storage on a connection of the host, which attaches it under any name.
class AttachedFile {
public:
    AttachedFile(sqlite_api::sqlite3* connection, std::string_view schema)
        : connection_(connection), schema_("\"") {
        for (const char c : schema) {
            schema_ += c == '"' ? "\"\"" : std::string(1, c);
        }
        schema_ += "\".";
    }

    /// Replaces "@" with the schema.
    std::string named(std::string text) const {
        for (std::size_t at = 0; (at = text.find('@', at)) != std::string::npos;) {
            text.replace(at, 1, schema_);
            at += schema_.size();
        }
        return text;
    }

    /// @param text with "@" before the names of tables
    SqliteStatement statement(std::string text) const {
        return {connection_, named(std::move(text))};
    }

    sqlite_api::sqlite3* connection() const noexcept { return connection_; }

private:
    sqlite_api::sqlite3* const connection_;
    std::string schema_;
};

}  // namespace webhooks::storage
