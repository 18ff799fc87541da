#include "jwt_keys.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "../reloaded_files.hpp"
#include "jwks.hpp"

namespace webhooks::http {
namespace {

constexpr off_t max_file_bytes = 1024 * 1024;

Error wrong_part(std::string member, std::string message) {
    return Error({FieldError{std::move(member), std::move(message)}});
}

Result<std::string> read_file(const std::string& file) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) {
        return wrong_part("jwks_file", file + ": " + std::strerror(errno));
    }
    // Opening anything else could block.
    if (!S_ISREG(found.st_mode) || found.st_size > max_file_bytes) {
        return wrong_part("jwks_file", file + " is not a regular file of at most 1 MiB");
    }
    std::ifstream input(file, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
    if (!input) return wrong_part("jwks_file", file + " cannot be read");
    return text;
}

Result<std::vector<JwtVerifier>> read_configured(const std::vector<JwtKey>& keys) {
    std::vector<JwtVerifier> verifiers;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        Result<JwtVerifier> verifier = JwtVerifier::make(keys[i]);
        if (!verifier) {
            return wrong_part("keys[" + std::to_string(i) + "]", verifier.error().detail());
        }
        verifiers.push_back(*std::move(verifier));
    }
    return verifiers;
}

/// The configured keys and those of the file, if there is one.
Result<JwtKeySet> join_keys(std::vector<JwtVerifier> keys, const std::string& file) {
    if (!file.empty()) {
        const Result<std::string> text = read_file(file);
        if (!text) return text.error();
        const Result<std::vector<JwtVerifier>> read = read_jwks(*text, KeySetOrigin::file);
        if (!read) return wrong_part("jwks_file", file + ": " + read.error().detail());
        keys.insert(keys.end(), read->begin(), read->end());
    }
    if (keys.empty()) return wrong_part("keys", "must have a key, or jwks_file a file of keys");
    if (Result<> verdict = check_names(keys); !verdict) {
        return wrong_part(file.empty() ? "keys" : "jwks_file", verdict.error().detail());
    }
    return std::make_shared<const std::vector<JwtVerifier>>(std::move(keys));
}

/// The keys that are configured, and those of a file, which is read again when it changes.
class LocalKeys final : public JwtKeySource {
public:
    using Files = ReloadedFiles<JwtKeySet>;

    explicit LocalKeys(std::unique_ptr<Files> files) : files_(std::move(files)) {}

    Result<JwtKeySet> current() override { return files_->current(); }

private:
    const std::unique_ptr<Files> files_;
};

}  // namespace

Result<std::unique_ptr<JwtKeySource>> load_jwt_keys(const JwtOptions& options,
                                                    std::shared_ptr<Clock> clock,
                                                    std::shared_ptr<Observer> observer) {
    Result<std::vector<JwtVerifier>> configured = read_configured(options.keys);
    if (!configured) return configured.error();
    LocalKeys::Files::Source source;
    if (!options.jwks_file.empty()) source.files.push_back(options.jwks_file);
    source.load = [keys = *std::move(configured), file = options.jwks_file] {
        return join_keys(keys, file);
    };
    Result<std::unique_ptr<LocalKeys::Files>> files = LocalKeys::Files::load(
        std::move(source),
        {.reloaded = LogEvent::jwks_reloaded,
         .reloaded_message = "the keys that verify tokens were reloaded",
         .unusable = LogEvent::jwks_unusable,
         .unusable_message =
             "the previous keys verify tokens, because the changed file cannot be used"},
        std::move(clock), std::move(observer));
    if (!files) return files.error();
    return std::unique_ptr<JwtKeySource>(std::make_unique<LocalKeys>(*std::move(files)));
}

}  // namespace webhooks::http
