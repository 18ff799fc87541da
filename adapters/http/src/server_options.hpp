#pragma once

#include <webhooks/http/server.hpp>

namespace webhooks::http {

/// The options of a server that are its API's.
ApiOptions api_options(const ServerOptions& options);

}  // namespace webhooks::http
