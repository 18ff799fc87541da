#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <encryption/aes_gcm.hpp>
#include <encryption/envelope.hpp>
#include <mutex>
#include <optional>
#include <signing/digest.hpp>
#include <system_error>
#include <vector>
#include <webhooks/encryption.hpp>

namespace webhooks {
namespace {

constexpr std::size_t max_file_size = 64 * 1024;

struct Descriptor {
    explicit Descriptor(int opened) : value(opened) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (value >= 0) ::close(value);
    }
    const int value;
};

Error cannot_read(const std::string& path, int error) {
    return {Errc::unavailable, "cannot read the encryption keys in '" + path +
                                   "': " + std::generic_category().message(error)};
}

/// The content of a regular file that only its owner and its group can read.
Result<Secret> read_private_file(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (file.value < 0 || ::fstat(file.value, &status) != 0) return cannot_read(path, errno);
    if (!S_ISREG(status.st_mode) || status.st_size > static_cast<off_t>(max_file_size)) {
        return Error(Errc::invalid_argument,
                     "'" + path + "' is not a file of encryption keys of at most 64 KiB");
    }
    if ((status.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0) {
        return Error(Errc::invalid_argument,
                     "other users can read or change the encryption keys in '" + path +
                         "': run chmod 600 on it");
    }
    std::string text(max_file_size, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t count = ::read(file.value, text.data() + size, text.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return cannot_read(path, errno);
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    text.resize(size);
    return Secret(std::move(text));
}

/// @return what is wrong with the line, empty if it is a key
std::string read_line(std::string_view line, std::vector<EncryptionKey>& keys) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return "must be an id, a space and a key in base64";
    const std::string_view id = line.substr(0, space);
    if (!encryption::is_key_id(id)) {
        return "the id must be 1-64 of A-Z, a-z, 0-9, '.', '_' and '-'";
    }
    std::optional<std::string> bytes = signing::base64_decode(line.substr(space + 1));
    if (!bytes || bytes->size() != encryption::key_size) {
        return "the key must be 32 bytes in base64, as `openssl rand -base64 32` prints it";
    }
    if (std::ranges::find(keys, id, &EncryptionKey::id) != keys.end()) {
        return "an earlier line has the same id";
    }
    keys.push_back({.id = std::string(id), .bytes = Secret(*std::move(bytes))});
    return {};
}

using Keys = std::vector<EncryptionKey>;

/// @return not empty
Result<Keys> read_keys(const std::string& path) {
    const Result<Secret> content = read_private_file(path);
    if (!content) return content.error();
    Keys keys;
    std::string_view text = content->reveal();
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with('#')) continue;
        const std::string problem = read_line(line, keys);
        if (!problem.empty()) {
            return Error(Errc::invalid_argument,
                         path + ", line " + std::to_string(number) + ": " + problem);
        }
    }
    if (keys.empty()) {
        return Error(Errc::invalid_argument,
                     path +
                         " has no encryption key; write one as: echo \"2026-01 $(openssl rand "
                         "-base64 32)\"");
    }
    return keys;
}

/// What changes when a file is written or replaced; nullopt if there is none.
using FileVersion = std::optional<std::array<std::int64_t, 5>>;

FileVersion version_of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return std::nullopt;
    return std::array<std::int64_t, 5>{static_cast<std::int64_t>(status.st_ino),
                                       static_cast<std::int64_t>(status.st_size),
                                       static_cast<std::int64_t>(status.st_mtim.tv_sec),
                                       static_cast<std::int64_t>(status.st_mtim.tv_nsec),
                                       static_cast<std::int64_t>(status.st_mode)};
}

class KeysInFile final : public KeyProvider {
public:
    explicit KeysInFile(std::string path) : path_(std::move(path)) {}

    /// Reads the file if it has changed since it was last read. The keys stay if it cannot be used.
    Result<> refresh() {
        const std::scoped_lock lock(mutex_);
        return refresh_locked();
    }

    Result<EncryptionKey> current() override {
        const std::scoped_lock lock(mutex_);
        if (Result<> read = refresh_locked(); !read) return read.error();
        return keys_.front();
    }

    Result<EncryptionKey> find(const std::string& id) override {
        const std::scoped_lock lock(mutex_);
        const Result<> read = refresh_locked();
        const auto found = std::ranges::find(keys_, id, &EncryptionKey::id);
        if (found != keys_.end()) return *found;
        if (!read) return Error(Errc::unavailable, read.error().detail());
        return Error(Errc::not_found, "no key has this id");
    }

private:
    Result<> refresh_locked() {
        const FileVersion version = version_of(path_);
        if (version && version == version_) return {};
        Result<Keys> read = read_keys(path_);
        if (!read) return read.error();
        keys_ = *std::move(read);
        version_ = version;
        return {};
    }

    const std::string path_;
    std::mutex mutex_;
    Keys keys_;
    FileVersion version_;
};

}  // namespace

Result<std::shared_ptr<KeyProvider>> keys_from_file(const std::string& path) {
    auto keys = std::make_shared<KeysInFile>(path);
    if (Result<> read = keys->refresh(); !read) return read.error();
    return std::shared_ptr<KeyProvider>(std::move(keys));
}

}  // namespace webhooks
