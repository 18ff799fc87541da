#pragma once

#include <memory>
#include <transport/request_head.hpp>
#include <webhooks/http_transport.hpp>

namespace webhooks::transport {

/// As `make_http_transport`, for requests of this kind.
Result<std::shared_ptr<Transport>> make_transport(HttpTransportOptions options, Usage usage);

}  // namespace webhooks::transport
