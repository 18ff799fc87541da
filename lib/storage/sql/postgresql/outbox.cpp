#include <soci/postgresql/soci-postgresql.h>

#include <array>
#include <base/utf8.hpp>
#include <sstream>
#include <storage/sql/exchange.hpp>
#include <storage/sql/postgresql/connection.hpp>
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

std::string statement_in(const char* quoted_schema) {
    const auto time = [](const char* number) {
        return ", 'epoch'::timestamptz + " + std::string(number) + " * interval '1 microsecond'";
    };
    return "SELECT array_to_string(event_ids, ' '), is_replay FROM " + std::string(quoted_schema) +
           ".webhooks_publish_receipt(convert_from($1, 'UTF8'), convert_from($2, 'UTF8'), "
           "convert_from($3, 'UTF8'), convert_from($4, 'UTF8'), convert_from($5, 'UTF8')" +
           time("$6") + time("$7") + ", convert_from($8, 'UTF8'))";
}

ResultPointer execute(PGconn* connection, const std::string& statement,
                      const Publication& publication) {
    const auto unless_empty = [](const std::string& text) {
        return text.empty() ? storage::Parameter() : storage::Parameter(text);
    };
    const auto time = [](const std::optional<Time>& moment) {
        return moment ? storage::parameter(storage::to_micros(*moment)) : storage::Parameter();
    };
    const std::array<storage::Parameter, 8> parameters = {publication.event_type,
                                                          publication.payload,
                                                          unless_empty(publication.user_id),
                                                          unless_empty(publication.idempotency_key),
                                                          publication.content_type,
                                                          time(publication.deliver_at),
                                                          time(publication.expires_at),
                                                          unless_empty(publication.ordering_key)};
    constexpr std::array<Oid, 8> types = {bytea, bytea, bytea, bytea, bytea, bigint, bigint, bytea};
    constexpr std::array<int, 8> formats = {1, 1, 1, 1, 1, 1, 1, 1};
    std::array<const char*, 8> values{};
    std::array<int, 8> lengths{};
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        if (!parameters[i]) continue;
        values[i] = parameters[i]->data();
        lengths[i] = static_cast<int>(parameters[i]->size());
    }
    return {PQexecParams(connection, statement.c_str(), static_cast<int>(parameters.size()),
                         types.data(), values.data(), lengths.data(), formats.data(), 0),
            PQclear};
}

}  // namespace

Result<PublishReceipt> publish_in_transaction(PGconn* connection, const Publication& publication,
                                              std::string_view schema) {
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
    const ResultPointer result = execute(connection, statement_in(quoted.get()), publication);
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return error_of(connection, result.get());
    PublishReceipt receipt{.event_ids = {}, .is_replay = *PQgetvalue(result.get(), 0, 1) == 't'};
    std::istringstream ids(PQgetvalue(result.get(), 0, 0));
    for (std::int64_t id = 0; ids >> id;) {
        receipt.event_ids.push_back({id});
    }
    return receipt;
}

Result<PublishReceipt> publish_in_transaction(soci::session& session,
                                              const Publication& publication,
                                              std::string_view schema) {
    try {
        if (session.get_backend_name() == "postgresql") {
            // SOCI does not export what a dynamic_cast would need.
            auto* backend = static_cast<soci::postgresql_session_backend*>(session.get_backend());
            return publish_in_transaction(backend->conn_, publication, schema);
        }
    } catch (const soci::soci_error&) {
        // It was never connected.
    }
    return Error(Errc::invalid_argument, "the session is not one on PostgreSQL");
}

}  // namespace webhooks
