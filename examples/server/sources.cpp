#include "sources.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace server {
namespace {

using webhooks::Error;
using webhooks::FieldError;

using Names = std::pair<std::string_view, std::string_view>;

/// Members of the library whose option has another name.
constexpr std::array other_names = {
    Names{"sqlite.path", "storage"},
    Names{"postgresql.connection", "storage"},
    Names{"encryption.keys", "encryption.keys_file"},
    Names{"server.host", "listen"},
    Names{"server.port", "listen"},
    Names{"service.allowed_hosts", "allow_host"},
    Names{"service.allowed_networks", "allow_network"},
    Names{"service.https_only", "https_only"},
    Names{"userId", "user"},
};

constexpr std::array sections = {
    Names{"ServiceOptions", "service"},         Names{"EndpointPolicy", "service"},
    Names{"HttpTransportOptions", "transport"}, Names{"SqliteOptions", "sqlite"},
    Names{"PostgresqlOptions", "postgresql"},   Names{"ServerOptions", "server"},
    Names{"EncryptionOptions", "encryption"},
};

constexpr std::array functions = {
    Names{"migrate_postgresql", "'webhooks-server migrate'"},
    Names{"make_memory_storage", "--storage memory:"},
};

template <std::size_t count>
std::optional<std::string_view> look_up(const std::array<Names, count>& rows,
                                        std::string_view name) {
    const auto found = std::ranges::find(rows, name, &Names::first);
    return found == rows.end() ? std::nullopt : std::optional(found->second);
}

/// @param member with its section, e.g. "service.lease".
const Option* option_of(std::string_view member) {
    return option_by_name(look_up(other_names, member).value_or(member));
}

/// The option of a member whose section is not known; null if there are several.
const Option* single_option(const std::string& member) {
    const Option* found = nullptr;
    for (const auto& [type, section] : sections) {
        const Option* option = option_of(std::string(section) + "." + member);
        if (option && found && option != found) return nullptr;
        if (option) found = option;
    }
    return found;
}

/// A word of the library in the words of this program; unchanged if it is neither a function nor a
/// member. A word without `_` and `::` may be plain English.
std::string translate(const std::string& word, std::string_view section) {
    if (const auto command = look_up(functions, word)) return std::string(*command);
    const std::size_t colons = word.find("::");
    const Option* option = nullptr;
    if (colons != std::string::npos) {
        const auto type = look_up(sections, std::string_view(word).substr(0, colons));
        if (type) option = option_of(std::string(*type) + "." + word.substr(colons + 2));
    } else if (word.find('_') != std::string::npos) {
        option = option_of(std::string(section) + "." + word);
        if (!option) option = single_option(word);
    }
    return option ? option->flag() : word;
}

bool is_of_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The length of the word at the beginning of a text, which may have a type in front: `A::b`.
std::size_t word_length(std::string_view text) {
    const auto plain = [&](std::size_t from) {
        return static_cast<std::size_t>(
            std::find_if_not(text.begin() + from, text.end(), is_of_word) - text.begin());
    };
    const std::size_t end = plain(0);
    const bool is_type = end > 0 && text.substr(end).starts_with("::");
    return is_type ? plain(end + 2) : end;
}

}  // namespace

void Sources::add(const Option& option, std::string source) {
    given_.insert_or_assign(&option, std::move(source));
}

std::string Sources::name_of(const std::string& field) const {
    const Option* option = option_of(field);
    if (!option) return field;
    const auto found = given_.find(option);
    return found == given_.end() ? option->flag() : found->second;
}

Error Sources::explain(const Error& error) const {
    if (error.fields().empty()) return Error(error.code(), with_flags(error.detail()));
    std::vector<FieldError> errors;
    for (const FieldError& one : error.fields()) {
        const std::string section = one.field.substr(0, one.field.find('.'));
        errors.push_back({name_of(one.field), with_flags(one.message, section)});
    }
    return Error(error.code(), std::move(errors));
}

std::string with_flags(std::string_view message, std::string_view section) {
    std::string text;
    while (!message.empty()) {
        const std::size_t length = word_length(message);
        if (length == 0) {
            text += message.front();
        } else {
            text += translate(std::string(message.substr(0, length)), section);
        }
        message.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return text;
}

}  // namespace server
