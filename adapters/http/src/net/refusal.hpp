#pragma once

#include <string>

namespace webhooks::http {

/// Why a request is answered without being understood. The connection ends with the answer.
struct Refusal {
    int status = 400;
    std::string message;
};

}  // namespace webhooks::http
