#pragma once

#include <string>
#include <webhooks/event.hpp>

#include "../json/object_parser.hpp"
#include "query.hpp"

namespace webhooks::http {

/// The members of a publication in JSON.
extern const json::Names publication_names;

/// Reads `{"eventType":...,"payload":...}`: the payload is kept byte for byte as written.
/// @param members those of `publication_names`
Publication read_publication(json::Members members, std::string prefix, FieldErrors& errors);

}  // namespace webhooks::http
