#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <storage/sql/sqlite/file_lock.hpp>
#include <system_error>

namespace webhooks::storage {

Result<FileLock> FileLock::acquire(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return Error(Errc::unavailable, "cannot open the lock file '" + path +
                                            "': " + std::generic_category().message(errno));
    }
    FileLock lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK) {
        return Error(Errc::unavailable,
                     "cannot lock '" + path + "': " + std::generic_category().message(errno));
    }
    return Error(Errc::locked, "another webhook service runs on this database ('" + path +
                                   "' is locked); stop it first, or use another file");
}

FileLock::~FileLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace webhooks::storage
