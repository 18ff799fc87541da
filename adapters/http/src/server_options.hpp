#pragma once

#include <webhooks/http/server.hpp>

namespace webhooks::http {

/// The API options within the server's options.
ApiOptions api_options(const ServerOptions& options);

}  // namespace webhooks::http
