#include "file_state.hpp"

#include <sys/stat.h>

#include <cstdint>

namespace webhooks::http {

std::string file_state(const std::string& file) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) return {};
    std::string state;
    for (const auto number :
         {std::uint64_t(found.st_dev), std::uint64_t(found.st_ino), std::uint64_t(found.st_size),
          std::uint64_t(found.st_mtim.tv_sec), std::uint64_t(found.st_mtim.tv_nsec)}) {
        state += std::to_string(number) + ' ';
    }
    return state;
}

}  // namespace webhooks::http
