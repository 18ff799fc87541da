#include "jwt_keys.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "../file_state.hpp"
#include "jwks.hpp"

namespace webhooks::http {
namespace {

/// How long the last check of the file is valid.
constexpr std::chrono::seconds file_check_interval(1);

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
Result<JwtKeys::Keys> join_keys(std::vector<JwtVerifier> keys, const std::string& file) {
    if (!file.empty()) {
        const Result<std::string> text = read_file(file);
        if (!text) return text.error();
        const Result<std::vector<JwtVerifier>> read = read_jwks(*text);
        if (!read) return wrong_part("jwks_file", file + ": " + read.error().detail());
        keys.insert(keys.end(), read->begin(), read->end());
    }
    if (keys.empty()) return wrong_part("keys", "must have a key, or jwks_file a file of keys");
    if (Result<> verdict = check_names(keys); !verdict) {
        return wrong_part(file.empty() ? "keys" : "jwks_file", verdict.error().detail());
    }
    return std::make_shared<const std::vector<JwtVerifier>>(std::move(keys));
}

}  // namespace

Result<std::unique_ptr<JwtKeys>> JwtKeys::load(const JwtOptions& options,
                                               std::shared_ptr<Clock> clock,
                                               std::shared_ptr<Observer> observer) {
    Result<std::vector<JwtVerifier>> configured = read_configured(options.keys);
    if (!configured) return configured.error();
    std::unique_ptr<JwtKeys> loaded(new JwtKeys(options.jwks_file, std::move(clock),
                                                std::move(observer), *std::move(configured)));
    Result<Keys> keys = join_keys(loaded->configured_, loaded->file_);
    if (!keys) return keys.error();
    loaded->keys_ = *std::move(keys);
    return loaded;
}

/// Notes the file's state before it is read: a change meanwhile is then noticed.
JwtKeys::JwtKeys(std::string file, std::shared_ptr<Clock> clock, std::shared_ptr<Observer> observer,
                 std::vector<JwtVerifier> configured)
    : file_(std::move(file)),
      clock_(std::move(clock)),
      observer_(std::move(observer)),
      configured_(std::move(configured)),
      state_(file_state(file_)),
      checked_(clock_->steady_now()) {}

JwtKeys::Keys JwtKeys::current() {
    if (file_.empty()) return keys_;
    const std::scoped_lock lock(mutex_);
    const SteadyTime now = clock_->steady_now();
    if (now - checked_ >= file_check_interval) {
        checked_ = now;
        refresh();
    }
    return keys_;
}

/// If the file is unusable, the previous keys stay in use.
void JwtKeys::refresh() {
    std::string state = file_state(file_);
    if (state == state_) return;
    state_ = std::move(state);
    Result<Keys> keys = join_keys(configured_, file_);
    if (keys) {
        keys_ = *std::move(keys);
        observer_->on_record({.level = LogLevel::info,
                              .event = LogEvent::jwks_reloaded,
                              .message = "the keys that verify tokens were reloaded"});
    } else {
        const std::string line =
            "the previous keys verify tokens, because the changed file cannot be used: " +
            keys.error().detail();
        observer_->on_record(
            {.level = LogLevel::warning, .event = LogEvent::jwks_unusable, .message = line});
    }
}

}  // namespace webhooks::http
