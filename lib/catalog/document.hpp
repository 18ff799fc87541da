#pragma once

#include <memory>
#include <string>
#include <vector>
#include <webhooks/event_catalog.hpp>
#include <webhooks/event_type.hpp>

namespace webhooks::catalog {

using EventTypes = std::vector<std::shared_ptr<const EventType>>;

/// The entity tag of the document of these types, retired ones included.
std::string tag_of(const EventTypes& types, const CatalogOptions& options);

/// An OpenAPI 3.1 document, as JSON text: a webhook for each type that is not retired.
std::string document_of(const EventTypes& types, const CatalogOptions& options);

}  // namespace webhooks::catalog
