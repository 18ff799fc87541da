#include <unistd.h>

#include <algorithm>
#include <array>
#include <base/ascii.hpp>
#include <base/process.hpp>

namespace webhooks {

long process_id() noexcept {
    return ::getpid();
}

std::string host_name() {
    std::array<char, 256> text{};
    if (::gethostname(text.data(), text.size() - 1) != 0) return "unknown";
    const std::string name = text.data();
    return !name.empty() && std::ranges::all_of(name, ascii::is_visible) ? name : "unknown";
}

}  // namespace webhooks
