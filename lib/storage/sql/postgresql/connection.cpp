#include <soci/postgresql/soci-postgresql.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <numeric>
#include <storage/sql/exchange.hpp>
#include <storage/sql/failure_text.hpp>
#include <storage/sql/postgresql/connection.hpp>

namespace webhooks::storage {
namespace {

using soci::use;

/// Whether errors with this SQLSTATE are temporary, or can be fixed on the server.
bool is_passing(std::string_view state) {
    // Connections, rollbacks (deadlock, serialization), resources, operators, system errors, wrong
    // passwords. Without a SQLSTATE the error is libpq's: the connection is lost.
    constexpr std::array classes = {"08", "40", "53", "57", "58", "28", "  "};
    constexpr std::array states = {
        "55P03",  // lock timeout
        "25006",  // the server is read-only, after a failover
        "25P03",  // transaction idle timeout
        "55006",  // the database is in use by an administrative command
    };
    return std::ranges::any_of(classes, [&](const char* c) { return state.starts_with(c); }) ||
           std::ranges::find(states, state) != states.end();
}

/// The minimum number of bytes that the peer can receive in a millisecond.
constexpr std::size_t min_bytes_in_ms = 10'000;

std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    while (text.ends_with(' ')) {
        text.pop_back();
    }
    return text;
}

/// Whether a URI has an '@' that does not end its user and password. libpq would take a part of the
/// password for the host, and show it in its errors.
bool has_stray_at(std::string_view connection) {
    const std::size_t scheme = connection.find("://");
    if (!connection.starts_with("postgres") || scheme == std::string_view::npos) return false;
    std::string_view rest = connection.substr(scheme + 3);
    rest = rest.substr(0, rest.find('?'));
    const std::size_t at = rest.find('@');
    return at != std::string_view::npos &&
           (rest.find('/') < at || rest.find('@', at + 1) != std::string_view::npos);
}

/// As a value in a URI's query. SOCI splits connection strings at spaces.
std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
        if (is_plain) {
            encoded += c;
        } else {
            encoded.append({'%', digits[byte >> 4U], digits[byte & 15U]});
        }
    }
    return encoded;
}

std::string seconds(std::chrono::milliseconds time) {
    return std::to_string(std::max(std::chrono::ceil<std::chrono::seconds>(time).count(),
                                   std::chrono::seconds::rep{1}));
}

/// Duplicate table, undefined column: a table with the library's name, but not its columns.
bool is_of_foreign_table(const std::string& state) {
    return state == "42P07" || state == "42703";
}

}  // namespace

Error postgresql_error(const std::exception& failure) {
    const auto* postgresql = dynamic_cast<const soci::postgresql_soci_error*>(&failure);
    const auto* soci = dynamic_cast<const soci::soci_error*>(&failure);
    if (dynamic_cast<const NoConnection*>(&failure) != nullptr) {
        return {Errc::unavailable, "PostgreSQL: " + one_line(failure.what())};
    }
    // what() would quote the bound values.
    const std::string text = soci ? database_message(*soci) : failure.what();
    if (postgresql == nullptr) return {Errc::internal, "PostgreSQL: " + one_line(text)};
    const std::string state = postgresql->sqlstate();
    // Messages about data quote the data.
    if (state.starts_with("22")) return {Errc::internal, "PostgreSQL: bad data (" + state + ")"};
    if (is_of_foreign_table(state)) {
        return {Errc::conflict,
                "PostgreSQL: the schema has a table with a name of this library's that another "
                "program made or changed (" +
                    one_line(text) + "); name another one in PostgresqlOptions::schema"};
    }
    Errc code = Errc::internal;
    if (is_passing(state)) code = Errc::unavailable;
    if (state.starts_with("23")) code = Errc::conflict;
    if (state == "0A000") code = Errc::unsupported;
    return {code, "PostgreSQL: " + one_line(text)};
}

bool was_rolled_back(const std::exception& failure) {
    const auto* postgresql = dynamic_cast<const soci::postgresql_soci_error*>(&failure);
    if (postgresql == nullptr) return false;
    const std::string state = postgresql->sqlstate();
    return state == "40001" || state == "40P01";
}

void ignore_notices(PGconn* connection) {
    PQsetNoticeReceiver(
        connection, [](void*, const PGresult*) {}, nullptr);
}

std::optional<std::string> connection_uri(const PostgresqlOptions& options) {
    const std::string given(options.connection.reveal());
    if (has_stray_at(given)) return std::nullopt;
    // libpq's error message may quote the string.
    const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed(
        PQconninfoParse(given.c_str(), nullptr), PQconninfoFree);
    if (!parsed) return std::nullopt;
    std::string uri = "postgresql:///?client_encoding=UTF8";
    std::set<std::string_view> named = {"client_encoding"};
    const auto add = [&](std::string_view keyword, std::string_view value) {
        if (!named.insert(keyword).second) return;
        uri.append("&").append(keyword).append("=").append(percent_encoded(value));
    };
    for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr) add(option->keyword, option->val);
    }
    add("application_name", options.application_name);
    add("connect_timeout", seconds(options.connect_timeout));
    add("tcp_user_timeout", std::to_string(options.tcp_user_timeout.count()));
    // Keepalive probes detect a lost peer while a response is awaited, within tcp_user_timeout.
    add("keepalives_idle", seconds(options.tcp_user_timeout / 2));
    add("keepalives_interval", "1");
    return uri;
}

Parameter parameter(std::int64_t number) {
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8) {
        bytes +=
            static_cast<char>(static_cast<std::uint64_t>(number) >> static_cast<unsigned>(shift));
    }
    return bytes;
}

Parameter parameter(const std::optional<std::int64_t>& number) {
    return number ? parameter(*number) : std::nullopt;
}

std::int64_t PostgresqlRows::number(int row, int column) const {
    const std::string_view bytes = text(row, column);
    std::uint64_t value = 0;
    for (const char c : bytes) {
        value = value << 8U | static_cast<unsigned char>(c);
    }
    return bytes.size() == sizeof(std::int32_t)
               ? std::bit_cast<std::int32_t>(static_cast<std::uint32_t>(value))
               : std::bit_cast<std::int64_t>(value);
}

PostgresqlConnection::PostgresqlConnection(const PostgresqlOptions& options, Planning planning,
                                           PostgresqlWatchdog* watchdog) {
    try {
        sql_.open(soci::postgresql, connection_uri(options).value());
    } catch (const soci::soci_error& failure) {
        // libpq names server, database and user, but never the password.
        throw NoConnection("cannot connect as PostgresqlOptions::connection says: " +
                           database_message(failure));
    }
    if (watchdog != nullptr) watch_.emplace(*watchdog, PQsocket(handle()));
    arm(options.answer_timeout);
    ignore_notices(handle());
    // The omitted details may quote values.
    PQsetErrorVerbosity(handle(), PQERRORS_TERSE);
    const std::string path = options.schema + ", pg_temp";
    const std::string statement_timeout = std::to_string(options.statement_timeout.count());
    // Others wait for the locks of a worker's transaction, as does this worker after a lost
    // connection.
    const std::string idle_timeout = std::to_string(
        (planning == Planning::by_index ? options.answer_timeout : options.statement_timeout)
            .count());
    const std::string lock_timeout = std::to_string(options.lock_timeout.count());
    const std::string plans =
        planning == Planning::by_index ? "force_generic_plan" : "force_custom_plan";
    const std::string scans = planning == Planning::by_index ? "off" : "on";
    storage::execute(sql_,
                     "SELECT set_config('search_path', :path, false), "
                     "set_config('default_transaction_isolation', 'read committed', false), "
                     "set_config('statement_timeout', :statement_timeout, false), "
                     "set_config('idle_in_transaction_session_timeout', :idle_timeout, false), "
                     "set_config('lock_timeout', :lock_timeout, false), "
                     "set_config('plan_cache_mode', :plans, false), "
                     "set_config('enable_seqscan', :scans, false), "
                     "set_config('enable_hashjoin', :scans, false), "
                     "set_config('enable_mergejoin', :scans, false), "
                     "set_config('jit', 'off', false)",
                     use(path, "path"), use(statement_timeout, "statement_timeout"),
                     use(idle_timeout, "idle_timeout"), use(lock_timeout, "lock_timeout"),
                     use(plans, "plans"), use(scans, "scans"));
}

PGconn* PostgresqlConnection::handle() const noexcept {
    auto& sql = const_cast<soci::session&>(sql_);
    return static_cast<soci::postgresql_session_backend*>(sql.get_backend())->conn_;
}

soci::session& PostgresqlConnection::sql() {
    if (!unanswered_.empty()) receive();
    return sql_;
}

PostgresqlRows PostgresqlConnection::execute(const PreparedStatement& statement,
                                             Parameters parameters) {
    send(statement, parameters);
    return receive();
}

void PostgresqlConnection::expect(int is_sent, const char* prepared) {
    if (is_sent == 0) throw NoConnection(PQerrorMessage(handle()));
    unanswered_.push_back(prepared);
}

void PostgresqlConnection::prepare(const PreparedStatement& statement) {
    if (prepared_.contains(statement.name)) return;
    if (unanswered_.empty() && PQenterPipelineMode(handle()) == 0) {
        throw NoConnection(PQerrorMessage(handle()));
    }
    expect(PQsendPrepare(handle(), statement.name, statement.text->c_str(), 0, nullptr),
           statement.name);
    prepared_.insert(statement.name);
}

void PostgresqlConnection::send(const PreparedStatement& statement, Parameters parameters) {
    prepare(statement);
    if (unanswered_.empty() && PQenterPipelineMode(handle()) == 0) {
        throw NoConnection(PQerrorMessage(handle()));
    }
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const Parameter& value : parameters) {
        values.push_back(value ? value->data() : nullptr);
        lengths.push_back(value ? static_cast<int>(value->size()) : 0);
    }
    const std::vector<int> formats(values.size(), 1);
    unanswered_bytes_ += std::accumulate(lengths.begin(), lengths.end(), std::size_t{0});
    if (watch_) {
        watch_->expect(response_timeout_ +
                       std::chrono::milliseconds(unanswered_bytes_ / min_bytes_in_ms));
    }
    expect(PQsendQueryPrepared(handle(), statement.name, static_cast<int>(values.size()),
                               values.data(), lengths.data(), formats.data(), 1),
           nullptr);
}

/// Waits for the results of everything that was sent. @return the last one.
PostgresqlRows PostgresqlConnection::receive() {
    const auto next = [this] { return PostgresqlRows(PQgetResult(handle())); };
    PQpipelineSync(handle());
    PostgresqlRows last = next();
    std::optional<PostgresqlRows> failure;
    for (std::size_t i = 0; i < unanswered_.size(); ++i) {
        if (i > 0) last = next();
        if (!last.has_succeeded()) {
            if (unanswered_[i]) prepared_.erase(unanswered_[i]);
            if (!failure) failure.emplace(std::move(last));
        }
        next();  // Null, after each result.
    }
    unanswered_.clear();
    unanswered_bytes_ = 0;
    next();  // The end of the pipeline.
    PQexitPipelineMode(handle());
    // The socket of a lost connection is closed, and its number may soon be reused.
    PQstatus(handle()) == CONNECTION_OK ? arm(response_timeout_) : expect_nothing();
    if (failure) throw soci::postgresql_soci_error(failure->error(), failure->state());
    return last;
}

void PostgresqlConnection::arm(std::chrono::milliseconds response_timeout) {
    response_timeout_ = response_timeout;
    if (watch_) watch_->expect(response_timeout);
}

void PostgresqlConnection::expect_nothing() {
    if (watch_) watch_->expect_nothing();
}

bool PostgresqlConnection::reset() noexcept {
    if (PQpipelineStatus(handle()) != PQ_PIPELINE_OFF) return false;
    // libpq may not know yet that the connection is lost: only a response proves that it is not.
    const bool is_idle = PQtransactionStatus(handle()) == PQTRANS_IDLE;
    PGresult* result = PQexec(handle(), is_idle ? "" : "ROLLBACK");
    const ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return (status == PGRES_EMPTY_QUERY || status == PGRES_COMMAND_OK) &&
           PQtransactionStatus(handle()) == PQTRANS_IDLE;
}

}  // namespace webhooks::storage
