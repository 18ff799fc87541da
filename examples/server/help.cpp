#include <iomanip>
#include <sstream>
#include <string_view>

#include "command_line.hpp"
#include "option_table.hpp"

namespace server {
namespace {

constexpr std::string_view introduction =
    R"(Sends webhooks, and serves their REST API.

  webhooks-server [FLAGS]                         serve until SIGTERM or SIGINT
  webhooks-server migrate                         create or update the tables of --storage
  webhooks-server rewrap                          encrypt data keys with a new encryption key
  webhooks-server shred-user USER                 destroy the keys of a user's encrypted payloads
  webhooks-server keys create --user NAME [--admin | --permission NAME]
                                                  create an API key and print it, once
  webhooks-server keys list                       list the keys, their owners and what they may do
  webhooks-server keys revoke ID                  revoke a key
  webhooks-server --help | --version

The keys commands, rewrap and shred-user work next to a running server, on the same --storage, and take
effect at once.
Any number of servers can share one PostgreSQL database after `migrate`. PGPASSWORD and ~/.pgpass, which
libpq reads, keep the password off the command line.

Environment:
  WEBHOOKS_ADMIN_KEY  when set, the key of the administrator "admin" while the server runs:
                      16-256 printable ASCII characters; otherwise the first start in a
                      terminal creates a key
)";

constexpr std::string_view conclusion = R"(
Defaults are in parentheses.

In the --config file a flag is a member: --listen is "listen", --service.max-in-flight is
"max_in_flight" in the object "service". Lists are arrays, NAME=VALUE pairs are objects,
durations are strings like "500ms", "15s", "5min", "2h". Its schema: config.schema.json.
)";

bool is_of_library(const Option& option) {
    return option.name.find('.') != option.name.npos;
}

void print(std::ostream& out, const Option& option) {
    std::string usage = option.flag();
    if (!option.argument.empty()) usage += " " + std::string(option.argument);
    out << "  " << std::left << std::setw(44) << usage << ' ' << option.help;
    const std::string value = option.value.show(Settings());
    if (!value.empty()) out << " (" << value << ')';
    out << '\n';
}

void print_all(std::ostream& out, std::string_view title, bool of_library) {
    out << '\n' << title << ":\n";
    for (const Option& option : option_table()) {
        if (is_of_library(option) == of_library) print(out, option);
    }
}

}  // namespace

std::string help_text() {
    std::ostringstream out;
    out << introduction;
    print_all(out, "Flags", false);
    print_all(out, "Options of the library", true);
    out << conclusion;
    return out.str();
}

}  // namespace server
