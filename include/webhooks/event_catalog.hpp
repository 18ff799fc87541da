#pragma once

#include <string>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// What the catalog of event types says of itself.
struct CatalogOptions {
    std::string title = "Webhooks";  ///< 1-256 bytes.
    /// Of what the webhooks say, which the host counts; 1-64 bytes.
    std::string version = "1.0.0";
    std::string description = {};  ///< CommonMark; at most 4,096 bytes.
};

/// The event types that are not retired, as an OpenAPI 3.1 document with `webhooks`.
struct EventCatalog {
    std::string document;  ///< JSON text.
    /// An entity tag, without quotes: it differs for each document, and is the same at all workers.
    std::string tag;
};

}  // namespace webhooks
