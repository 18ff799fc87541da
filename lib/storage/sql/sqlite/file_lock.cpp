#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <set>
#include <storage/sql/sqlite/file_lock.hpp>
#include <system_error>

namespace webhooks::storage {
namespace {

/// The files that this process has locked. A child does not inherit `fcntl` locks, as it would
/// those of `flock`. But they do not exclude the process itself, and end when it closes any
/// descriptor of the file. So a locked file is not opened a second time.
class HeldFiles {
public:
    using File = std::pair<dev_t, ino_t>;

    /// Not destroyed: a storage may outlive static objects.
    static HeldFiles& instance() {
        static auto* const files = new HeldFiles;
        return *files;
    }

    std::mutex mutex;
    std::set<File> files;
    bool was_held_at_fork = false;

private:
    HeldFiles() {
        // A child gets an unlocked mutex, and holds no locks.
        ::pthread_atfork([] { instance().mutex.lock(); }, [] { instance().mutex.unlock(); },
                         [] {
                             instance().was_held_at_fork |= !instance().files.empty();
                             instance().files.clear();
                             instance().mutex.unlock();
                         });
    }
};

Error failure(const char* what, const std::string& path) {
    return {Errc::unavailable, std::string("cannot ") + what + " the lock file '" + path +
                                   "': " + std::generic_category().message(errno)};
}

Error held(const std::string& path) {
    return {Errc::locked, "another webhook service runs on this database ('" + path +
                              "' is locked); stop it first, or use another file"};
}

}  // namespace

bool FileLock::was_held_at_fork() {
    HeldFiles& held_files = HeldFiles::instance();
    const std::scoped_lock lock(held_files.mutex);
    return held_files.was_held_at_fork;
}

Result<FileLock> FileLock::acquire(const std::string& path) {
    HeldFiles& held_files = HeldFiles::instance();
    const std::scoped_lock lock(held_files.mutex);
    struct stat status {};
    const bool exists = ::stat(path.c_str(), &status) == 0;
    if (exists && held_files.files.contains({status.st_dev, status.st_ino})) return held(path);
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return failure("open", path);
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (::fcntl(descriptor, F_SETLK, &whole) != 0 || ::fstat(descriptor, &status) != 0) {
        const Error error = errno == EAGAIN || errno == EACCES ? held(path) : failure("lock", path);
        ::close(descriptor);
        return error;
    }
    const File file{status.st_dev, status.st_ino};
    held_files.files.insert(file);
    return FileLock(descriptor, file);
}

FileLock::~FileLock() {
    if (descriptor_ < 0) return;
    HeldFiles& held_files = HeldFiles::instance();
    const std::scoped_lock lock(held_files.mutex);
    held_files.files.erase(file_);
    ::close(descriptor_);
}

}  // namespace webhooks::storage
