#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <webhooks/error.hpp>

namespace webhooks::storage {

/// An exclusive operating system lock on a file, which is created if missing. It ends with this
/// object or with the process, however that ends. A child process never has it, whatever it
/// inherits.
class FileLock {
public:
    /// @return locked if another holder, in this process or another, has it.
    static Result<FileLock> acquire(const std::string& path);
    /// Whether the parent process had such a lock, on any file, when it forked this one.
    static bool was_held_at_fork();

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
