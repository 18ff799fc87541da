#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/http/jwt.hpp>
#include <webhooks/http/server.hpp>
#include <webhooks/webhooks.hpp>

/// @file
/// All settings, from flags or the configuration file.

namespace server {

/// Where to listen, e.g. "127.0.0.1:8080" or "[::1]:8080".
struct Listen {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8080;
};

/// Where data is stored: "sqlite:PATH", "postgresql://…" or "memory:".
struct StorageChoice {
    enum class Kind { sqlite, postgresql, memory };
    Kind kind = Kind::sqlite;
    std::string path = "webhooks.db";  ///< Of SQLite.
    webhooks::Secret uri = {};         ///< Of PostgreSQL; it may contain a password.

    /// Without secrets.
    std::string to_string() const {
        if (kind == Kind::memory) return "memory:";
        return kind == Kind::sqlite ? "sqlite:" + path : "postgresql://…";
    }
};

enum class LogFormat { text, json };

/// What is logged, and how.
struct LogSettings {
    LogFormat format = LogFormat::text;
    webhooks::LogLevel level = webhooks::LogLevel::info;  ///< The lowest that is logged.
};

/// Of the command `keys create`.
struct KeySettings {
    std::string user;
    bool is_administrator = false;
    std::string name;
    std::vector<webhooks::Permission> permissions;  ///< Empty: all of a user's.
    std::size_t subscription = 0;                   ///< 0: all of the user's.
    std::optional<webhooks::Time> expires_at;
    webhooks::RequestRate rate;
};

/// Encryption in the database.
struct EncryptionSettings {
    std::string keys_file;  ///< Empty: nothing is encrypted.
    bool secrets = true;
    bool payloads = false;
};

/// The portal; there is none without `public_url`.
struct PortalSettings {
    /// A `public_url` that stands for where the server listens.
    static constexpr std::string_view auto_url = "auto";

    webhooks::http::PortalOptions options;  ///< The bytes of the logo are in `logo_file`.
    std::string logo_file;
};

struct Settings {
    Listen listen;
    StorageChoice storage;
    std::vector<webhooks::EventType> event_types;
    std::string config_file;
    KeySettings key;
    std::string shredded_user;  ///< Of the command `shred-user`.
    LogSettings log;
    EncryptionSettings encryption;
    /// How long requests and deliveries in flight may take to finish at a stop. 0 - 10 s.
    std::chrono::milliseconds drain = std::chrono::seconds(10);

    webhooks::ServiceOptions service;
    webhooks::HttpTransportOptions transport;
    // Without what is in `storage` and `encryption`.
    webhooks::SqliteOptions sqlite;
    webhooks::PostgresqlOptions postgresql;
    webhooks::http::ServerOptions server;  ///< Host and port are in `listen`.
    webhooks::http::JwtOptions jwt;        ///< Used if it has keys.
    PortalSettings portal;
};

}  // namespace server
