#pragma once

/// @file
/// The schemas and examples of event types.

#include <boost/json/object.hpp>
#include <string_view>
#include <webhooks/error.hpp>

namespace webhooks::catalog {

/// Checks a schema as EventType::schema says. @return invalid_argument for `schema`.
Result<> check_schema(std::string_view text);
/// Checks an example as EventType::example says. @return invalid_argument for `example`.
Result<> check_example(std::string_view text);

/// A schema as a part of a larger document: references are relative to the document, and what
/// identifies the schema by itself is left out.
/// @param text one that check_schema accepts. @param pointer where it will be, as `#/a/b`.
boost::json::object embedded(std::string_view text, std::string_view pointer);

}  // namespace webhooks::catalog
