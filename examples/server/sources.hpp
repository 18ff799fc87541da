#pragma once

#include <map>
#include <string>
#include <string_view>
#include <webhooks/error.hpp>

#include "option_table.hpp"

/// @file
/// The library names its own members and functions in errors. The user of this program knows its
/// flags, commands and configuration file.

namespace server {

/// Where each option was given.
class Sources {
public:
    /// @param source what errors call the option: its flag, or its place in the file.
    void add(const Option& option, std::string source);

    /// The same error in the words of the command line.
    webhooks::Error explain(const webhooks::Error& error) const;

private:
    std::string name_of(const std::string& field) const;

    std::map<const Option*, std::string> given_;
};

/// Replaces the library's members and functions in a message with flags and commands.
/// @param section that of the members that have no type in front of them, e.g. "service".
std::string with_flags(std::string_view message, std::string_view section = {});

}  // namespace server
