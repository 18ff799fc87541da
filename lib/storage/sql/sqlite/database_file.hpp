#pragma once

#include <string>
#include <webhooks/error.hpp>

namespace webhooks::storage {

/// Creates the file of a database, which only its owner may read, unless there is one; checks that
/// this process can read and write it. @return its absolute path without symbolic links: the same
/// for each name that links give the file.
Result<std::string> make_database_file(const std::string& path);

}  // namespace webhooks::storage
