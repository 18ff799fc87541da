#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <webhooks/error.hpp>

namespace webhooks::storage {

/// An exclusive lock of the operating system, on a file that is made if it is missing. It ends with
/// this object or the process, however that ends. A child process does not have it, whatever it has
/// inherited.
class FileLock {
public:
    /// @return locked when another holder, in this process or another, has it.
    static Result<FileLock> acquire(const std::string& path);
    /// Whether a parent process had this lock when it forked this one.
    static bool is_parents(const std::string& path);

    FileLock(FileLock&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), file_(other.file_) {}
    FileLock& operator=(FileLock&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        std::swap(file_, other.file_);
        return *this;
    }
    ~FileLock();

private:
    using File = std::pair<dev_t, ino_t>;

    FileLock(int descriptor, File file) : descriptor_(descriptor), file_(file) {}

    int descriptor_ = -1;
    File file_{};
};

}  // namespace webhooks::storage
