#include <soci/postgresql/soci-postgresql.h>

#include <base/hex.hpp>
#include <base/utf8.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <publication/publication.hpp>
#include <sstream>
#include <storage/sql/exchange.hpp>
#include <storage/sql/outbox_cipher.hpp>
#include <storage/sql/postgresql/connection.hpp>
#include <string>
#include <utility>
#include <vector>
#include <webhooks/outbox.hpp>

namespace webhooks {
namespace {

using ResultPointer = std::unique_ptr<PGresult, void (*)(PGresult*)>;

/// Texts are sent as bytes and converted to text on the server, whatever the connection's encoding
/// is.
constexpr Oid bytea = 17;
constexpr Oid bigint = 20;

Result<> check_texts(const Publication& publication) {
    std::vector<FieldError> errors;
    const auto expect_text = [&](const char* field, std::string_view text) {
        if (!is_storable_text(text)) errors.push_back({field, "must be UTF-8 without U+0000"});
    };
    expect_text("eventType", publication.event_type);
    expect_text("payload", publication.payload);
    expect_text("contentType", publication.content_type);
    expect_text("userId", publication.user_id);
    expect_text("idempotencyKey", publication.idempotency_key);
    expect_text("orderingKey", publication.ordering_key);
    if (errors.empty()) return {};
    return Error(std::move(errors));
}

/// The name of a parameter in the REST API: event_type, eventType.
std::string member_name(std::string_view parameter) {
    std::string name;
    bool is_after_line = false;
    for (const char c : parameter) {
        const bool is_raised = is_after_line && c >= 'a' && c <= 'z';
        if (c != '_') name += static_cast<char>(is_raised ? c - 'a' + 'A' : c);
        is_after_line = c == '_';
    }
    return name;
}

Error error_of(PGconn* connection, const PGresult* result) {
    const auto field = [&](int code) {
        const char* text = PQresultErrorField(result, code);
        return std::string(text ? text : "");
    };
    const std::string state = field(PG_DIAG_SQLSTATE);
    std::string message = field(PG_DIAG_MESSAGE_PRIMARY);
    const std::string parameter = field(PG_DIAG_COLUMN_NAME);
    // The format in which webhooks_publish_receipt reports wrong arguments: "event_type is not
    // ...".
    if (state == "22023" && message.starts_with(parameter + " ")) {
        return Error({{member_name(parameter), message.substr(parameter.size() + 1)}});
    }
    if (state.empty()) message = PQerrorMessage(connection);
    return storage::postgresql_error(
        soci::postgresql_soci_error(message, state.empty() ? "     " : state.c_str()));
}

/// Executes a statement with parameters of these types, in their binary format.
Result<ResultPointer> execute(PGconn* connection, const std::string& statement,
                              const std::vector<storage::Parameter>& parameters,
                              const std::vector<Oid>& types) {
    const auto count = static_cast<int>(parameters.size());
    const std::vector<int> formats(parameters.size(), 1);
    std::vector<const char*> values(parameters.size());
    std::vector<int> lengths(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        if (!parameters[i]) continue;
        values[i] = parameters[i]->data();
        lengths[i] = static_cast<int>(parameters[i]->size());
    }
    ResultPointer result(PQexecParams(connection, statement.c_str(), count, types.data(),
                                      values.data(), lengths.data(), formats.data(), 0),
                         PQclear);
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return error_of(connection, result.get());
    return result;
}

storage::Parameter unless_empty(const std::string& text) {
    return text.empty() ? storage::Parameter() : storage::Parameter(text);
}

/// Publishes in the open transaction of a connection.
class PostgresqlOutbox {
public:
    /// @param keys null: it cannot encrypt.
    PostgresqlOutbox(PGconn* connection, std::string schema, KeyProvider* keys)
        : connection_(connection), schema_(std::move(schema)), keys_(keys) {}

    Result<PublishReceipt> publish(const Publication& publication) const {
        if (!keys_) return publish(publication, publication.payload, nullptr);
        const Result<std::optional<Sealed>> sealed = seal(publication);
        if (!sealed) return sealed.error();
        if (!*sealed) return publish(publication, publication.payload, nullptr);
        return publish(publication, *(*sealed)->message.payload, &**sealed);
    }

private:
    struct Sealed {
        Message message;
        std::optional<IdempotencyKey> idempotency = {};
        std::optional<storage::DataKeyRow> made = {};
    };
    /// What webhooks_publish_keys returns.
    struct Keys {
        std::optional<storage::DataKeyRow> settings = {};
        std::int64_t id = 0;  ///< 0: payloads are not encrypted.
        std::optional<storage::DataKeyRow> row = {};
    };

    /// @return nullopt if payloads are not encrypted
    Result<std::optional<Sealed>> seal(const Publication& publication) const {
        Result<Keys> keys = find_keys(publication.user_id, 0);
        if (!keys) return keys.error();
        if (keys->id == 0) return std::optional<Sealed>();
        if (Result<> verdict = check_payload(publication.payload, max_payload_bytes); !verdict) {
            return abort_with(verdict.error());
        }
        Sealed sealed{.message = storage::message_of(publication),
                      .idempotency = storage::idempotency_of(publication)};
        if (sealed.idempotency) {
            if (Result<> done = storage::seal_digest(*sealed.idempotency, keys->settings, *keys_);
                !done) {
                return abort_with(done.error());
            }
        }
        const Result<storage::OutboxKey> key = key_of(publication.user_id, *std::move(keys));
        Result<Message> message = storage::seal(sealed.message, key);
        if (!message) return abort_with(message.error());
        sealed.message = *std::move(message);
        sealed.made = key->made;
        return std::optional(std::move(sealed));
    }

    Result<storage::OutboxKey> key_of(const std::string& user, Keys keys) const {
        if (keys.row) {
            const auto opened = storage::open_outbox_key(*keys.row, user, *keys_);
            if (!opened) return opened.error();
            if (*opened) return **opened;
            Result<Keys> later = find_keys(user, keys.id);
            if (!later) return later.error();
            keys = *std::move(later);
        }
        return storage::make_outbox_key(keys.id, user, *keys_);
    }

    Result<Keys> find_keys(const std::string& user, std::int64_t after) const {
        const Result<ResultPointer> result = execute(
            connection_,
            "SELECT settings_id, settings_wrapped, settings_kek_id, key_id, wrapped, kek_id FROM " +
                schema_ + ".webhooks_publish_keys(convert_from($1, 'UTF8'), $2, $3)",
            {unless_empty(user),
             storage::parameter(std::chrono::microseconds(storage::data_key_lifetime).count()),
             storage::parameter(after)},
            {bytea, bigint, bigint});
        if (!result) return result.error();
        const auto row = [&](int column) -> std::optional<storage::DataKeyRow> {
            if (PQgetisnull(result->get(), 0, column + 1) != 0) return {};
            return storage::DataKeyRow{.id = std::stoll(PQgetvalue(result->get(), 0, column)),
                                       .wrapped = PQgetvalue(result->get(), 0, column + 1),
                                       .kek_id = PQgetvalue(result->get(), 0, column + 2)};
        };
        Keys keys{.settings = row(0), .row = row(3)};
        if (PQgetisnull(result->get(), 0, 3) == 0) {
            keys.id = std::stoll(PQgetvalue(result->get(), 0, 3));
        }
        return keys;
    }

    Result<PublishReceipt> publish(const Publication& publication, const std::string& payload,
                                   const Sealed* sealed) const {
        const auto text = [](const char* number) {
            return "convert_from(" + std::string(number) + ", 'UTF8')";
        };
        const auto time = [](const char* number) {
            return "'epoch'::timestamptz + " + std::string(number) + " * interval '1 microsecond'";
        };
        std::string statement =
            "SELECT array_to_string(event_ids, ' '), is_replay FROM " + schema_ +
            ".webhooks_publish_" + (sealed != nullptr ? "encrypted(" : "receipt(") + text("$1") +
            ", " + text("$2") + ", " + text("$3") + ", " + text("$4") + ", " + text("$5") + ", " +
            time("$6") + ", " + time("$7") + ", " + text("$8");
        const auto micros = [](const std::optional<Time>& moment) {
            return storage::parameter(storage::to_micros(moment));
        };
        std::vector<storage::Parameter> parameters = {publication.event_type,
                                                      payload,
                                                      unless_empty(publication.user_id),
                                                      unless_empty(publication.idempotency_key),
                                                      publication.content_type,
                                                      micros(publication.deliver_at),
                                                      micros(publication.expires_at),
                                                      unless_empty(publication.ordering_key)};
        std::vector<Oid> types = {bytea, bytea, bytea, bytea, bytea, bigint, bigint, bytea};
        if (sealed != nullptr) {
            statement += ", ARRAY[" + text("$9") + ", " + text("$10") + "], $11, " + text("$12") +
                         ", " + text("$13");
            const std::optional<IdempotencyKey>& key = sealed->idempotency;
            const std::optional<storage::DataKeyRow>& made = sealed->made;
            parameters.insert(parameters.end(),
                              {key ? storage::Parameter(to_hex(key->digest)) : std::nullopt,
                               key ? storage::Parameter(to_hex(key->former_digest)) : std::nullopt,
                               storage::parameter(sealed->message.key_id),
                               made ? storage::Parameter(made->wrapped) : std::nullopt,
                               made ? storage::Parameter(made->kek_id) : std::nullopt});
            types.insert(types.end(), {bytea, bytea, bigint, bytea, bytea});
        }
        const Result<ResultPointer> result =
            execute(connection_, statement + ")", parameters, types);
        if (!result) {
            const bool needs_keys = result.error() == Errc::unsupported && keys_ == nullptr;
            return needs_keys ? storage::outbox_needs_keys() : result.error();
        }
        PublishReceipt receipt{.event_ids = {},
                               .is_replay = *PQgetvalue(result->get(), 0, 1) == 't'};
        std::istringstream ids(PQgetvalue(result->get(), 0, 0));
        for (std::int64_t id = 0; ids >> id;) {
            receipt.event_ids.push_back({id});
        }
        return receipt;
    }

    /// As after an error of PostgreSQL, the transaction can only be rolled back.
    Error abort_with(const Error& error) const {
        const ResultPointer failed(
            PQexec(connection_,
                   "DO 'BEGIN RAISE EXCEPTION ''publish_in_transaction failed''; END'"),
            PQclear);
        return error;
    }

    static constexpr std::size_t max_payload_bytes = 16 * 1024 * 1024;

    PGconn* const connection_;
    const std::string schema_;  ///< Quoted.
    KeyProvider* const keys_;
};

/// Throws only what memory allocation throws.
Result<PublishReceipt> publish_on(PGconn* connection, const Publication& publication,
                                  std::string_view schema, KeyProvider* keys) {
    if (Result<> verdict = check_texts(publication); !verdict) return verdict.error();
    if (PQstatus(connection) != CONNECTION_OK) {
        return Error(Errc::unavailable, "PostgreSQL: the connection is lost");
    }
    if (PQtransactionStatus(connection) != PQTRANS_INTRANS) {
        return Error(Errc::invalid_argument,
                     "publish_in_transaction needs an open transaction that has not failed");
    }
    const std::unique_ptr<char, void (*)(void*)> quoted(
        PQescapeIdentifier(connection, schema.data(), schema.size()), PQfreemem);
    if (!quoted) return Error(Errc::invalid_argument, "the schema's name is not valid text");
    return PostgresqlOutbox(connection, quoted.get(), keys).publish(publication);
}

Result<PublishReceipt> publish_on(soci::session& session, const Publication& publication,
                                  std::string_view schema, KeyProvider* keys) {
    try {
        if (session.get_backend_name() == "postgresql") {
            // SOCI does not export what a dynamic_cast would need.
            auto* backend = static_cast<soci::postgresql_session_backend*>(session.get_backend());
            return publish_on(backend->conn_, publication, schema, keys);
        }
    } catch (const soci::soci_error&) {
        // It was never connected.
    }
    return Error(Errc::invalid_argument, "the session is not one on PostgreSQL");
}

}  // namespace

Result<PublishReceipt> publish_in_transaction(PGconn* connection, const Publication& publication,
                                              std::string_view schema) {
    return publish_on(connection, publication, schema, nullptr);
}

Result<PublishReceipt> publish_in_transaction(PGconn* connection, const Publication& publication,
                                              KeyProvider& keys, std::string_view schema) {
    return publish_on(connection, publication, schema, &keys);
}

Result<PublishReceipt> publish_in_transaction(soci::session& session,
                                              const Publication& publication,
                                              std::string_view schema) {
    return publish_on(session, publication, schema, nullptr);
}

Result<PublishReceipt> publish_in_transaction(soci::session& session,
                                              const Publication& publication, KeyProvider& keys,
                                              std::string_view schema) {
    return publish_on(session, publication, schema, &keys);
}

}  // namespace webhooks
