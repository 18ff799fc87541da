#include <algorithm>
#include <storage/sql/failure_text.hpp>
#include <string_view>

namespace webhooks::storage {
namespace {

/// Erases the beginning of a text up to and including `end`, if something follows.
void skip_past(std::string& text, std::string_view end) {
    const std::size_t at = text.find(end);
    if (at != std::string::npos && at + end.size() < text.size()) text.erase(0, at + end.size());
}

}  // namespace

std::string without_soci_words(std::string text) {
    for (const std::string_view suffix : {" Fatal error.", " Connection failed."}) {
        if (text.ends_with(suffix)) text.resize(text.size() - suffix.size());
    }
    // "Cannot establish connection to the database. ", "sqlite3_statement_backend::prepare: "
    if (text.starts_with("Cannot ") || text.starts_with("Failed to ")) skip_past(text, ".");
    if (text.starts_with(" Fatal error.")) skip_past(text, ".");
    if (text.starts_with("sqlite3_") || text.starts_with("Query failed: ")) skip_past(text, ": ");
    return text.substr(std::min(text.find_first_not_of(" \n"), text.size()));
}

std::string database_message(const soci::soci_error& failure) {
    return without_soci_words(failure.get_error_message());
}

}  // namespace webhooks::storage
