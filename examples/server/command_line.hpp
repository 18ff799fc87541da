#pragma once

#include <string>
#include <vector>

#include "settings.hpp"
#include "sources.hpp"

namespace server {

enum class Command {
    serve,
    migrate,
    rewrap,
    shred_user,
    keys_create,
    keys_list,
    keys_revoke,
    help,
    version
};

/// The parsed command line.
struct CommandLine {
    Command command = Command::serve;
    Settings settings;
    webhooks::ApiKeyId key{};  ///< Of `keys revoke`.
    Sources sources;
};

/// Parses the arguments (without the program's name) and the configuration file that they name.
/// @return invalid_argument with every error: the flag, or the member of the file, and the message.
webhooks::Result<CommandLine> read_command_line(const std::vector<std::string>& arguments);

/// The output of `--help`.
std::string help_text();

}  // namespace server
