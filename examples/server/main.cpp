// webhooks-server: an ordinary host of the library. It shows how a program runs a WebhookService,
// serves its REST API, manages API keys and stops; `--help` describes its use.

#include <exception>
#include <iostream>

#include "commands.hpp"

namespace {

using server::Command;
using server::CommandLine;
using webhooks::Error;
using webhooks::Result;

constexpr int runtime_failure = 1;
constexpr int usage_failure = 2;

/// One line for each error.
void print(const Error& error) {
    if (error.fields().empty()) std::cerr << "webhooks-server: " << error.detail() << '\n';
    for (const webhooks::FieldError& field_error : error.fields()) {
        std::cerr << "webhooks-server: " << field_error.field << ": " << field_error.message
                  << '\n';
    }
}

Result<> run(const CommandLine& line) {
    switch (line.command) {
        case Command::serve:
            return server::serve(line.settings);
        case Command::migrate:
            return server::migrate(line.settings);
        case Command::rewrap:
            return server::rewrap(line.settings);
        case Command::shred_user:
            return server::shred_user(line.settings);
        case Command::keys_create:
            return server::create_key(line.settings);
        case Command::keys_list:
            return server::list_keys(line.settings);
        case Command::keys_revoke:
            return server::revoke_key(line.settings, line.key);
        case Command::help:
            std::cout << server::help_text();
            break;
        case Command::version:
            std::cout << "webhooks-server " WEBHOOKS_VERSION "\n";
            break;
    }
    return {};
}

int run(const std::vector<std::string>& arguments) {
    auto line = server::read_command_line(arguments);
    if (!line) {
        print(line.error());
        return usage_failure;
    }
    auto done = run(*line);
    if (done) return 0;
    print(line->sources.explain(done.error()));
    return done.error() == webhooks::Errc::invalid_argument ? usage_failure : runtime_failure;
}

}  // namespace

int main(int count, char** arguments) try {
    return run({arguments + 1, arguments + count});
} catch (const std::exception& error) {
    std::cerr << "webhooks-server: " << error.what() << '\n';
    return runtime_failure;
}
