#pragma once

#include <cstdlib>
#include <string>

namespace webhooks::testing {

/// A number from the environment.
inline int setting(const char* name, int otherwise) {
    const char* text = std::getenv(name);
    return text ? std::stoi(text) : otherwise;
}

}  // namespace webhooks::testing
