#pragma once

#include <string>
#include <utility>
#include <webhooks/error.hpp>

namespace webhooks::storage {

/// An exclusive lock of the operating system, on a file that is made if it is missing. It ends with
/// this object or the process, however that ends.
class FileLock {
public:
    /// @return locked when somebody else, in this process or another, has it.
    static Result<FileLock> acquire(const std::string& path);

    FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    FileLock& operator=(FileLock&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~FileLock();

private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}

    int descriptor_ = -1;
};

}  // namespace webhooks::storage
