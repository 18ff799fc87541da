#pragma once

#include <string>
#include <webhooks/http/message.hpp>

namespace webhooks::http {

/// A request whose framing was found right.
struct Request {
    RequestHead head;
    std::string body = {};
    bool has_body = false;   ///< Told by the head: of one byte or more, or chunked.
    bool keep_alive = true;  ///< Whether the client wants the connection to stay.
};

}  // namespace webhooks::http
