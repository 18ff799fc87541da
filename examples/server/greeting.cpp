#include "greeting.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <webhooks/operational.hpp>

namespace server {
namespace {

constexpr std::string_view receiver_url = "http://127.0.0.1:9000/";

std::string origin_url(const std::string& scheme, const std::string& host, std::uint16_t port) {
    const bool is_v6 = host.find(':') != std::string::npos;
    return scheme + (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string portal_url(const Settings& settings) {
    const std::string& root = settings.portal.options.public_url;
    return root + (root.ends_with('/') ? "portal/" : "/portal/");
}

/// How the sample commands refer to the key.
std::string key_text(const Access& access) {
    if (access.new_key) return std::string(access.new_key->reveal());
    return access.has_environment_key ? "$WEBHOOKS_ADMIN_KEY" : "YOUR-KEY";
}

/// For a shell.
std::string quoted(const std::string& text) {
    const bool is_plain = std::ranges::all_of(text, [](unsigned char c) {
        return std::isalnum(c) || std::string_view("/._-:").find(c) != std::string_view::npos;
    });
    if (is_plain) return text;
    std::string quoted = "'";
    for (const char c : text)
        quoted += c == '\'' ? "'\\''" : std::string(1, c);
    return quoted + "'";
}

/// How to call a program in the server's directory: by its path from the current one, if it is
/// below that.
std::string command(const std::string& program) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) return program;
    const auto path = self.parent_path() / program;
    const std::string relative = std::filesystem::proximate(path, error).string();
    if (error || relative.starts_with("..")) return quoted(path.string());
    return quoted(relative.find('/') == relative.npos ? "./" + relative : relative);
}

void print_key(std::ostream& out, const Access& access, const std::string& storage) {
    const std::string create =
        command("webhooks-server") + " keys create --storage " + quoted(storage);
    if (access.new_key) {
        out << "\nThe API key of the administrator \"admin\", shown only once:\n\n    "
            << access.new_key->reveal() << '\n';
    } else if (access.has_environment_key) {
        out << "\nThe API key of the administrator \"admin\" is that of WEBHOOKS_ADMIN_KEY.\n";
    } else if (access.needs_key) {
        out << "\nThere is no API key yet, and standard output is not a terminal, where one would "
               "be shown.\nCreate one: "
            << create << " --user admin --admin\n";
    } else {
        out << "\nAPI keys already exist. Another one for an administrator (a user's without "
               "--admin):\n\n    "
            << create << " --user NAME --admin\n";
    }
}

bool may_reach_receiver(const webhooks::EndpointPolicy& policy) {
    auto address = webhooks::IpAddress::parse("127.0.0.1");
    return address && webhooks::check_address(*address, policy);
}

/// Without the body.
std::string post_command(const std::string& base, const std::string& path) {
    return "  curl -H \"x-api-key: $KEY\" -H 'content-type: application/json' \\\n    " + base +
           path + " \\\n";
}

/// How to start the example receiver and subscribe it.
void print_receiver(std::ostream& out, const std::string& base) {
    auto secret = webhooks::make_secret();
    const std::string shared = secret ? std::string(secret->reveal()) : "a-secret-of-your-own";
    out << "  # in a second terminal: a receiver\n"
        << "  " << command("webhooks-receiver") << " --secret " << shared << "\n\n"
        << "  # subscribe it to everything\n"
        << post_command(base, "/subscriptions")
        << R"(    -d '{"subscription":{"name":"first","eventType":"*","url":")" << receiver_url
        << R"(","secret":")" << shared << "\"}}'\n\n";
}

/// The example receiver has no certificate.
void print_https_subscription(std::ostream& out, const std::string& base) {
    out << "  # subscribe an endpoint of yours to everything; --https-only rejects http URLs, and "
           "so "
           "the example receiver\n"
        << post_command(base, "/subscriptions")
        << R"(    -d '{"subscription":{"name":"first","eventType":"*","url":"https://YOUR-HOST/"}}')"
        << "\n\n";
}

/// The first event type that a host publishes; empty if there is none.
std::string published_type(const webhooks::WebhookService& service) {
    const auto types = service.event_types();
    if (!types) return {};
    const auto found = std::ranges::find_if(*types, [](const webhooks::EventType& type) {
        return !type.name.starts_with(webhooks::operational_prefix);
    });
    return found == types->end() ? std::string() : found->name;
}

/// Without one, nothing can be published or subscribed to.
void print_event_type(std::ostream& out, const std::string& base, const std::string& event_type) {
    out << "  # register an event type (or start with --event-type " << event_type
        << "='An order')\n"
        << post_command(base, "/event-types") << R"(    -d '{"eventType":{"name":")" << event_type
        << R"(","description":"An order was placed"}}')"
        << "\n\n";
}

void print_publication(std::ostream& out, const std::string& base, const std::string& event_type) {
    out << "  # publish an event\n"
        << post_command(base, "/events") << R"(    -d '{"eventType":")" << event_type
        << R"(","payload":{"hello":"world"}}')"
        << "\n\n"
        << "  # see the result (1 is the id in the response to subscribing)\n"
        << "  curl -H \"x-api-key: $KEY\" '" << base
        << "/subscriptions/1/events?take=10&sort=id+desc'\n";
}

}  // namespace

std::string root_url(const Settings& settings, std::uint16_t port) {
    const std::string scheme = settings.server.tls.is_set() ? "https://" : "http://";
    return origin_url(scheme, settings.listen.host, port);
}

std::string greeting(const Settings& settings, const Access& access, std::uint16_t port,
                     std::uint16_t metrics_port, const webhooks::WebhookService& service) {
    const std::string base = root_url(settings, port) + settings.server.base_path;
    const std::string known_type = published_type(service);
    const std::string event_type = known_type.empty() ? "order.created" : known_type;
    std::ostringstream out;
    out << "webhooks-server " WEBHOOKS_VERSION " listens on " << base << '\n'
        << "storage: " << settings.storage.to_string() << '\n';
    if (metrics_port != 0) {
        out << "metrics: " << origin_url("http://", settings.server.metrics_host, metrics_port)
            << "/metrics\n";
    }
    if (!settings.portal.options.public_url.empty()) {
        out << "portal: " << portal_url(settings) << '\n';
    }
    if (access.portal_link) {
        out << "\nThis link opens the portal as an administrator. It works once, within 5 "
               "minutes:\n\n    "
            << *access.portal_link << '\n';
    }
    print_key(out, access, settings.storage.to_string());
    out << "\nTo try it:\n\n  KEY=\"" << key_text(access) << "\"\n\n";
    const webhooks::EndpointPolicy& policy = settings.service.endpoints;
    if (!policy.https_only && !may_reach_receiver(policy)) {
        out << "  # to reach a receiver on this machine, start with --allow-network 127.0.0.0/8\n";
    }
    if (known_type.empty()) print_event_type(out, base, event_type);
    if (policy.https_only) {
        print_https_subscription(out, base);
    } else {
        print_receiver(out, base);
    }
    print_publication(out, base, event_type);
    return out.str();
}

}  // namespace server
