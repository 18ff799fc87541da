#pragma once

#include <string>
#include <webhooks/http/message.hpp>

namespace webhooks::http {

/// A request whose framing is valid.
struct Request {
    RequestHead head;
    std::string body = {};
    bool has_body = false;   ///< According to the head: at least one byte, or chunked.
    bool keep_alive = true;  ///< Whether the client wants to keep the connection open.
};

}  // namespace webhooks::http
