#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <storage/sql/sqlite/database_file.hpp>
#include <system_error>

namespace webhooks::storage {
namespace {

namespace fs = std::filesystem;

/// A suggestion for a file that cannot be opened.
const char* remedy(int error) {
    switch (error) {
        case ENOENT:
            return "; create its folder first";
        case EISDIR:
            return "; SqliteOptions::path must name a file in it";
        case EACCES:
        case EROFS:
            return "; this process must be able to write the file and its folder";
        default:
            return "";
    }
}

Error failure(const std::string& path, int error) {
    return {Errc::unavailable, "cannot open '" + path + "' for writing: " +
                                   std::generic_category().message(error) + remedy(error)};
}

/// @pre there is something at `path`, even a link that leads nowhere.
Result<> check_file(const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    switch (status.type()) {
        case fs::file_type::regular:
            if (::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) == 0) return {};
            return failure(path, errno);
        case fs::file_type::directory:
            return failure(path, EISDIR);
        case fs::file_type::not_found:
            return Error(Errc::unavailable,
                         "cannot open '" + path +
                             "': it is a symbolic link to a file that does not exist; create that "
                             "file, readable only for its owner, or remove the link");
        case fs::file_type::none:
            return failure(path, error.value());
        default:
            return Error(Errc::unavailable,
                         "cannot open '" + path +
                             "': it is not a regular file; SqliteOptions::path must name one");
    }
}

}  // namespace

Result<std::string> make_database_file(const std::string& path) {
    // An existing file is not opened: closing any descriptor of it would release the locks that
    // SQLite holds on it for other connections of this process.
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor >= 0) {
        ::close(descriptor);
    } else if (errno != EEXIST) {
        return failure(path, errno);
    }
    if (Result<> checked = check_file(path); !checked) return checked.error();
    std::error_code error;
    const fs::path resolved = fs::canonical(path, error);
    if (error) return failure(path, error.value());
    return resolved.string();
}

}  // namespace webhooks::storage
