#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>

#include "access.hpp"
#include "commands.hpp"
#include "greeting.hpp"
#include "log.hpp"
#include "portal.hpp"
#include "warnings.hpp"

namespace server {
namespace {

using webhooks::Errc;
using webhooks::Error;
using webhooks::Result;
using webhooks::WebhookService;

/// Blocks the signals that end the server in every thread, so that they can be waited for.
sigset_t block_signals() {
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

void wait_for(const sigset_t& signals) {
    int signal = 0;
    sigwait(&signals, &signal);
}

/// Connections need descriptors; the usual soft limit of 1,024 exists for programs that use
/// `select`.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/// Names the wrong members by their path in the settings.
Error under(const std::string& part, const Error& error) {
    if (error.fields().empty()) return error;
    auto fields = error.fields();
    for (webhooks::FieldError& field_error : fields)
        field_error.field = part + "." + field_error.field;
    return Error(std::move(fields));
}

Error explain_lock(const Error& error, const Settings& settings) {
    if (!(error == Errc::locked)) return error;
    return Error(Errc::locked, settings.storage.to_string() +
                                   " is used by another running server; stop that one, or give "
                                   "this one its own file");
}

/// @return the errors of all of them together.
Result<> register_types(WebhookService& service, const Settings& settings) {
    std::vector<webhooks::FieldError> errors;
    for (const webhooks::EventType& type : settings.event_types) {
        auto registered = service.register_event_type(type);
        if (registered) continue;
        if (!(registered.error() == Errc::invalid_argument)) return registered;
        errors.push_back({"--event-type '" + type.name + "'", registered.error().detail()});
    }
    if (errors.empty()) return {};
    return Error(std::move(errors));
}

/// A key that is printed elsewhere than on a terminal stays in a log. Storage in memory has no
/// other way to get one, and the key ends with the process.
bool may_show_key(const Settings& settings) {
    return ::isatty(STDOUT_FILENO) == 1 || settings.storage.kind == StorageChoice::Kind::memory;
}

Result<WebhookService> open_service(const Settings& settings,
                                    std::shared_ptr<webhooks::Storage> storage,
                                    std::shared_ptr<webhooks::Observer> log) {
    auto transport = webhooks::make_http_transport(settings.transport);
    if (!transport) return under("transport", transport.error());
    auto service = WebhookService::open(
        {.storage = std::move(storage), .transport = *transport, .observer = std::move(log)},
        settings.service);
    if (!service) return explain_lock(service.error(), settings);
    auto registered = register_types(*service, settings);
    if (!registered) return registered.error();
    return service;
}

/// Links to the portal are made with its URL, so a port that is free is chosen before.
Result<> resolve_portal_url(Settings& settings, WebhookService& service) {
    std::string& url = settings.portal.options.public_url;
    if (url != PortalSettings::auto_url) return {};
    if (settings.server.port == 0) {
        auto probe = webhooks::http::Server::open(service, nullptr,
                                                  {.host = settings.server.host, .port = 0});
        if (!probe) return under("server", probe.error());
        settings.server.port = probe->port();
    }
    url = root_url(settings, settings.server.port);
    return {};
}

/// First stops requests, then deliveries, both within one drain. Half of it is for deliveries, so
/// that a slow client does not cause any of them to be sent twice.
Result<> stop(webhooks::http::Server& rest, WebhookService& service,
              std::chrono::milliseconds drain) {
    using std::chrono::steady_clock;
    const auto end = steady_clock::now() + drain;
    rest.stop(drain / 2);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now());
    return service.stop(std::max(left, std::chrono::milliseconds(0)));
}

}  // namespace

Result<> migrate(const Settings& settings) {
    const StorageChoice& choice = settings.storage;
    std::string done = "the tables are up to date";
    if (choice.kind == StorageChoice::Kind::postgresql) {
        auto migrated = webhooks::migrate_postgresql(settings.postgresql);
        if (!migrated) return migrated;
        done = "the tables in schema " + settings.postgresql.schema + " are up to date";
    } else {
        std::error_code error;
        if (!std::filesystem::exists(choice.path, error)) done = "created";
        // Opening a file creates it, or updates its tables.
        auto storage = open_storage(settings);
        if (!storage) return storage.error();
    }
    std::cout << choice.to_string() << ": " << done << '\n';
    return {};
}

Result<> serve(Settings settings) {
    const sigset_t signals = block_signals();
    raise_descriptor_limit();
    const auto log = make_log(settings.log);
    auto storage = open_storage(settings);
    if (!storage) return storage.error();
    warn_of_weaknesses(settings, *log);
    auto service = open_service(settings, *storage, log);
    if (!service) return service.error();
    auto access = open_access(settings, *storage, log);
    if (!access) return under("jwt", access.error());
    if (auto resolved = resolve_portal_url(settings, *service); !resolved) return resolved;
    auto portal = read_portal(settings);
    if (!portal) return under("portal", portal.error());
    webhooks::http::ServerOptions server = settings.server;
    server.portal = *std::move(portal);
    auto rest = webhooks::http::Server::open(*service, access->authenticator, server, log);
    if (!rest) return under("server", rest.error());
    const bool may_show = may_show_key(settings);
    if (auto made = make_first_key(*storage, may_show, *access); !made) return made;
    if (auto made = make_portal_link(*service, server.portal, may_show, *access); !made) {
        return made;
    }
    if (auto started = service->start(); !started) return started;
    if (auto started = rest->start(); !started) return started;
    std::cout << greeting(settings, *access, rest->port(), rest->metrics_port(), *service)
              << std::flush;
    wait_for(signals);
    return stop(*rest, *service, settings.drain);
}

}  // namespace server
