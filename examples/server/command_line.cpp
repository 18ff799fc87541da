#include "command_line.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "config_file.hpp"
#include "option_table.hpp"

namespace server {
namespace {

using webhooks::FieldError;
using FieldErrors = std::vector<FieldError>;

bool is_allowed(Scope scope, Command command) {
    switch (scope) {
        case Scope::everywhere:
        case Scope::flag_only:
            return true;
        case Scope::serving:
            return command == Command::serve;
        case Scope::keys_create:
            return command == Command::keys_create;
    }
    return false;
}

/// The flag whose section (`--retention`) or end (`--listen` as `--liste`) was left out; null if
/// none or several are possible.
const Option* completion_of(const std::string& flag) {
    const std::string end = "." + flag.substr(2);
    const Option* found = nullptr;
    for (const Option& option : option_table()) {
        const std::string known = option.flag();
        const bool has_section = known.find('.') != known.npos;
        if (has_section ? !known.ends_with(end) : !known.starts_with(flag)) continue;
        if (found != nullptr) return nullptr;
        found = &option;
    }
    return found;
}

std::string no_such_flag(const std::string& flag) {
    const Option* meant = completion_of(flag);
    if (meant == nullptr) return "there is no such flag; see --help";
    return "there is no such flag; did you mean " + meant->flag() + "?";
}

/// Splits arguments into options, without interpreting their values.
class Arguments {
public:
    Arguments(const std::vector<std::string>& arguments, FieldErrors& errors)
        : rest_(arguments.begin(), arguments.end()), errors_(errors) {
        std::ranges::reverse(rest_);
        command_ = read_command();
        while (!rest_.empty())
            read_argument(next());
        if (command_ == Command::keys_revoke && !has_key_) add_error("keys revoke", "needs an ID");
    }

    Command command() const { return command_; }
    webhooks::ApiKeyId key() const { return key_; }
    const std::string& shredded_user() const { return shredded_user_; }
    const std::vector<Given>& flags() const { return flags_; }

private:
    struct KeysCommand {
        std::string_view name;
        Command command;
    };
    static constexpr std::array keys_commands = {KeysCommand{"create", Command::keys_create},
                                                 KeysCommand{"list", Command::keys_list},
                                                 KeysCommand{"revoke", Command::keys_revoke}};

    Command read_command() {
        if (!rest_.empty() && rest_.back() == "migrate") {
            next();
            return Command::migrate;
        }
        if (!rest_.empty() && rest_.back() == "rewrap") {
            next();
            return Command::rewrap;
        }
        if (!rest_.empty() && rest_.back() == "shred-user") {
            next();
            return Command::shred_user;
        }
        if (rest_.empty() || rest_.back() != "keys") return Command::serve;
        next();
        const std::string name = rest_.empty() ? "" : next();
        const auto found = std::ranges::find(keys_commands, name, &KeysCommand::name);
        if (found != keys_commands.end()) return found->command;
        if (name == "--help") return Command::help;
        add_error("keys", "must be followed by create, list or revoke");
        rest_.clear();
        return Command::help;
    }

    void read_argument(std::string argument) {
        if (argument == "--help" || argument == "-h") {
            command_ = Command::help;
        } else if (argument == "--version") {
            command_ = Command::version;
        } else if (argument.starts_with("--")) {
            read_flag(argument);
        } else {
            read_word(argument);
        }
    }

    void read_flag(const std::string& argument) {
        const auto equals = argument.find('=');
        const std::string flag = argument.substr(0, equals);
        const Option* option = option_by_flag(flag);
        if (option == nullptr) return add_error(flag, no_such_flag(flag));
        std::string text = "true";
        if (equals != std::string::npos) {
            text = argument.substr(equals + 1);
        } else if (option->kind != Kind::boolean) {
            if (rest_.empty()) return add_error(flag, "needs " + std::string(option->argument));
            text = next();
        }
        if (!is_allowed(option->scope, command_))
            add_error(flag, "does not belong to this command");
        add(*option, flag, std::move(text));
    }

    void read_word(const std::string& word) {
        if (command_ == Command::shred_user && shredded_user_.empty()) {
            shredded_user_ = word;
            return;
        }
        std::size_t id = 0;
        if (command_ != Command::keys_revoke || has_key_) {
            add_error(word, "is not recognized; see --help");
        } else if (auto wrong = parse(word, id); !wrong.empty()) {
            add_error("keys revoke", wrong);
        }
        has_key_ = true;
        key_ = {static_cast<std::int64_t>(id)};
    }

    void add(const Option& option, const std::string& flag, std::string text) {
        auto found = std::ranges::find(flags_, &option, &Given::option);
        if (found == flags_.end()) found = flags_.insert(found, {&option, {}, flag});
        found->texts.push_back(std::move(text));
    }

    std::string next() {
        std::string argument = std::move(rest_.back());
        rest_.pop_back();
        return argument;
    }

    void add_error(std::string where, std::string message) {
        errors_.push_back({std::move(where), std::move(message)});
    }

    std::vector<std::string> rest_;  // the next one is the last
    FieldErrors& errors_;
    Command command_ = Command::serve;
    webhooks::ApiKeyId key_{};
    bool has_key_ = false;
    std::string shredded_user_;
    std::vector<Given> flags_;
};

void apply(const std::vector<Given>& given, Settings& settings, FieldErrors& errors) {
    for (const Given& one : given) {
        for (ErrorText& error : one.option->value.apply(one.texts, settings)) {
            errors.push_back({one.source, std::move(error)});
        }
    }
}

void drop_given(std::vector<Given>& given, const std::vector<Given>& winners) {
    std::erase_if(given, [&](const Given& one) {
        return std::ranges::find(winners, one.option, &Given::option) != winners.end();
    });
}

/// Adds the library's errors for a part of the settings.
void check(const std::string& part, const webhooks::Result<>& verdict, FieldErrors& errors) {
    if (verdict) return;
    for (const FieldError& field_error : verdict.error().fields()) {
        errors.push_back({part + "." + field_error.field, field_error.message});
    }
}

void check_ranges(const Settings& settings, FieldErrors& errors) {
    check("service", settings.service.validate(), errors);
    check("transport", settings.transport.validate(), errors);
    check("server", settings.server.validate(), errors);
    check("sqlite", settings.sqlite.validate(), errors);
    check("postgresql", settings.postgresql.validate(), errors);
    if (settings.drain > std::chrono::seconds(10)) errors.push_back({"drain", "is more than 10 s"});
}

bool is_of_section(const Option& option, std::string_view section) {
    return option.name.starts_with(section) && option.name.substr(section.size()).starts_with('.');
}

/// Flags that would have no effect. A file may hold more than one server uses.
void check_unused(const std::vector<Given>& flags, const Settings& settings, FieldErrors& errors) {
    const StorageChoice::Kind kind = settings.storage.kind;
    for (const Given& flag : flags) {
        const Option& option = *flag.option;
        const bool is_of_other =
            (kind != StorageChoice::Kind::sqlite && is_of_section(option, "sqlite")) ||
            (kind != StorageChoice::Kind::postgresql && is_of_section(option, "postgresql")) ||
            (kind == StorageChoice::Kind::memory && is_of_section(option, "encryption"));
        if (is_of_other) {
            errors.push_back(
                {flag.source, "has no effect with --storage " + settings.storage.to_string()});
        }
        const bool is_of_keys =
            option.name == "encryption.secrets" || option.name == "encryption.payloads";
        if (is_of_keys && settings.encryption.keys_file.empty()) {
            errors.push_back({flag.source, "has no effect without --encryption.keys-file"});
        }
        if (option.name == "server.metrics_host" && !settings.server.metrics_port) {
            errors.push_back({flag.source, "has no effect without --server.metrics-port"});
        }
    }
}

void check_command(const CommandLine& line, FieldErrors& errors) {
    const KeySettings& key = line.settings.key;
    if (line.command == Command::keys_create && key.user.empty()) {
        errors.push_back({"--user", "is needed: the owner of the key"});
    }
    if (line.command == Command::shred_user && line.settings.shredded_user.empty()) {
        errors.push_back({"shred-user", "must be followed by the id of a user"});
    }
    if (key.is_administrator && !key.permissions.empty()) {
        errors.push_back({"--permission", "has no effect with --admin, which includes all"});
    }
    if (line.command == Command::serve ||
        line.settings.storage.kind != StorageChoice::Kind::memory) {
        return;
    }
    const bool is_of_tables = line.command == Command::migrate || line.command == Command::rewrap ||
                              line.command == Command::shred_user;
    errors.push_back(
        {"--storage", is_of_tables
                          ? "memory has no tables; name a database"
                          : "keys in memory would be lost at the end of this command; name a file "
                            "with sqlite:PATH"});
}

/// Reads the flags, and what they leave to the configuration file.
void read_settings(const std::vector<Given>& flags, CommandLine& line, FieldErrors& errors) {
    Settings& settings = line.settings;
    apply(flags, settings, errors);
    std::vector<Given> file;
    if (!settings.config_file.empty()) {
        file = read_config_file(settings.config_file, errors);
        drop_given(file, flags);
        apply(file, settings, errors);
    }
    for (const std::vector<Given>* given : {&flags, &std::as_const(file)}) {
        for (const Given& one : *given)
            line.sources.add(*one.option, one.source);
    }
    settings.sqlite.path = settings.storage.path;
    settings.postgresql.connection = settings.storage.uri;
    settings.server.host = settings.listen.host;
    settings.server.port = settings.listen.port;
}

}  // namespace

webhooks::Result<CommandLine> read_command_line(const std::vector<std::string>& arguments) {
    FieldErrors errors;
    Arguments read(arguments, errors);
    CommandLine line;
    line.command = read.command();
    line.key = read.key();
    line.settings.shredded_user = read.shredded_user();
    if (errors.empty() && (line.command == Command::help || line.command == Command::version)) {
        return line;
    }
    read_settings(read.flags(), line, errors);
    check_ranges(line.settings, errors);
    check_unused(read.flags(), line.settings, errors);
    check_command(line, errors);
    if (!errors.empty()) return line.sources.explain(webhooks::Error(std::move(errors)));
    return line;
}

}  // namespace server
