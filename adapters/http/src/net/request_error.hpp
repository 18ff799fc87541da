#pragma once

#include <string>

namespace webhooks::http {

/// Why a request is rejected without being understood. The connection closes after the response.
struct RequestError {
    int status = 400;
    std::string message;
};

}  // namespace webhooks::http
