#pragma once

#include <string>
#include <vector>

#include "option_table.hpp"

namespace server {

/// The texts that one source contains for one option.
struct Given {
    const Option* option = nullptr;
    std::vector<std::string> texts;
    std::string source;  ///< For messages: the flag, or the file, line and path.
};

/// Reads a configuration file (its schema: config.schema.json). Appends its errors to `errors`,
/// each with the file, the line and the path of the member.
std::vector<Given> read_config_file(const std::string& path,
                                    std::vector<webhooks::FieldError>& errors);

}  // namespace server
