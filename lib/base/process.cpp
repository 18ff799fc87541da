#include <unistd.h>

#include <base/process.hpp>

namespace webhooks {

long process_id() noexcept {
    return ::getpid();
}

}  // namespace webhooks
