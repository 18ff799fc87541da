#pragma once

#include <soci/soci.h>

#include <string>

namespace webhooks::storage {

/// What the database itself said, without the values that were bound and without SOCI's words
/// before and after it.
std::string database_message(const soci::soci_error& failure);

/// The same of a text.
std::string without_soci_words(std::string text);

}  // namespace webhooks::storage
