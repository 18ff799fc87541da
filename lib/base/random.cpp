#include <unistd.h>

#include <base/never_destroyed.hpp>
#include <cerrno>
#include <system_error>
#include <webhooks/random.hpp>

namespace webhooks {
namespace {

class SystemRandom final : public Random {
public:
    std::uint64_t next() override {
        std::uint64_t bits = 0;
        if (::getentropy(&bits, sizeof bits) != 0) {
            throw std::system_error(errno, std::generic_category(), "getentropy");
        }
        return bits;
    }
};

}  // namespace

std::shared_ptr<Random> system_random() {
    static const NeverDestroyed<std::shared_ptr<SystemRandom>> random(
        std::make_shared<SystemRandom>());
    return *random;
}

}  // namespace webhooks
