#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "settings.hpp"
#include "values.hpp"

/// @file
/// The table that flags, configuration file and help are generated from.

namespace server {

/// The type of an option in the configuration file.
enum class Kind {
    text,     ///< A string.
    number,   ///< A number.
    boolean,  ///< true or false; as a flag it has no value.
    list,     ///< An array of strings; as a flag it is repeated.
    map,      ///< An object of strings; as a flag it is repeated, as NAME=VALUE.
};

/// Where an option may be given.
enum class Scope {
    everywhere,   ///< Flag of each command, and in the file.
    serving,      ///< Flag of the server, and in the file.
    flag_only,    ///< Flag of each command.
    keys_create,  ///< Only a flag of `keys create`.
};

/// How the value of an option is read and written.
struct Binding {
    /// Parses the given texts (at least one, except for lists and maps) and replaces the value as a
    /// whole.
    /// @return the errors; the value is then unchanged.
    std::vector<ErrorText> (*apply)(const std::vector<std::string>& texts, Settings& settings);
    /// The value as a flag has it; a list has commas. Empty if there is none.
    std::string (*show)(const Settings& settings);
};

struct Option {
    /// Its path in the configuration file, e.g. "service.max_in_flight". The flag is the same with
    /// dashes: "--service.max-in-flight".
    std::string_view name;
    Kind kind;
    Scope scope;
    std::string_view argument;  ///< What follows the flag, e.g. "FILE".
    std::string_view help;
    Binding value;

    std::string flag() const;
    bool is_in_file() const { return scope == Scope::everywhere || scope == Scope::serving; }
};

std::span<const Option> option_table();

/// @return null if there is none.
const Option* option_by_name(std::string_view name);
const Option* option_by_flag(std::string_view flag);

}  // namespace server
