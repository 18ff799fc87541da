#pragma once

#include <memory>
#include <transport/resolver.hpp>
#include <webhooks/http_transport.hpp>

namespace webhooks::transport {

/// make_http_transport() with a look-up of one's own.
Result<std::shared_ptr<Transport>> make_client(HttpTransportOptions options,
                                               Resolver::LookUp look_up);

}  // namespace webhooks::transport
