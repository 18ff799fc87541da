#pragma once

#include <string>

namespace webhooks::http {

/// Changes whenever a file does, whether it is overwritten or replaced. Empty if there is none.
std::string file_state(const std::string& file);

}  // namespace webhooks::http
