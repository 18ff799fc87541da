#pragma once

#include <soci/soci.h>

#include <string>

namespace webhooks::storage {

/// The database's own message, without bound values and without the words that SOCI adds.
std::string database_message(const soci::soci_error& failure);

/// The same for a text.
std::string without_soci_words(std::string text);

}  // namespace webhooks::storage
