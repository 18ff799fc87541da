#include "warnings.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace server {
namespace {

using webhooks::LogLevel;

constexpr double needed_bits = 128;
/// How many occurrences of a character count: a random key of minimum length has more distinct
/// ones.
constexpr std::size_t max_uses_of_a_character = 5;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// The size of the alphabet that a key seems to be drawn from.
int alphabet_size(std::string_view key) {
    const auto all = [&](std::string_view more) {
        return std::ranges::all_of(
            key, [&](char c) { return is_digit(c) || more.find(c) != std::string_view::npos; });
    };
    if (all("")) return 10;
    if (all("abcdef") || all("ABCDEF")) return 16;
    const auto has = [&](char first, char last) {
        return std::ranges::any_of(key, [&](char c) { return c >= first && c <= last; });
    };
    const bool has_others = std::ranges::any_of(key, [](char c) {
        return !is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z');
    });
    return (has('0', '9') ? 10 : 0) + (has('a', 'z') ? 26 : 0) + (has('A', 'Z') ? 26 : 0) +
           (has_others ? 33 : 0);
}

/// The length of the shortest text whose repetition forms the key.
std::size_t period(std::string_view key) {
    std::size_t length = 1;
    while (length < key.size() && key.substr(length) != key.substr(0, key.size() - length))
        ++length;
    return length;
}

void warn(webhooks::Observer& log, std::string_view line) {
    log.on_record({.level = LogLevel::warning,
                   .event = webhooks::LogEvent::insecure_setting,
                   .message = line});
}

void warn_of_key(const char* key, webhooks::Observer& log) {
    if (key == nullptr) return;
    const double bits = bits_of(key);
    if (bits >= needed_bits) return;
    char text[160];
    std::snprintf(text, sizeof text,
                  "WEBHOOKS_ADMIN_KEY has at most %d bits of entropy, and 128 are safe: "
                  "use the output of `openssl rand -base64 32`",
                  static_cast<int>(bits));
    warn(log, text);
}

void warn_of_file(const std::string& path, webhooks::Observer& log) {
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0 || (file.st_mode & 077U) == 0) return;
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", file.st_mode & 0777U);
    warn(log, "the database file '" + path +
                  "' contains secrets and payloads, and other users can open it (mode " + mode +
                  "): run chmod 600 on it and on its -wal and -shm files");
}

/// Keys of kty "oct" are secrets; others are public.
void warn_of_symmetric_keys(const std::string& path, webhooks::Observer& log) {
    struct stat file {};
    if (path.empty() || ::stat(path.c_str(), &file) != 0 || (file.st_mode & 07U) == 0) return;
    std::ifstream input(path);
    const std::string text((std::istreambuf_iterator<char>(input)),
                           std::istreambuf_iterator<char>());
    if (text.find("\"oct\"") == std::string::npos) return;
    warn(log, "the keys file '" + path +
                  "' has a symmetric key (oct), which suffices to sign tokens, and all users can "
                  "open it: run chmod 640 on it");
}

}  // namespace

double bits_of(std::string_view key) {
    if (key.empty()) return 0;
    const std::size_t distinct = std::set<char>(key.begin(), key.end()).size();
    const std::size_t length = std::min(period(key), distinct * max_uses_of_a_character);
    return static_cast<double>(length) * std::log2(alphabet_size(key));
}

void warn_of_weaknesses(const Settings& settings, webhooks::Observer& log) {
    warn_of_key(std::getenv("WEBHOOKS_ADMIN_KEY"), log);
    if (settings.storage.kind == StorageChoice::Kind::sqlite)
        warn_of_file(settings.sqlite.path, log);
    warn_of_symmetric_keys(settings.jwt.jwks_file, log);
}

}  // namespace server
