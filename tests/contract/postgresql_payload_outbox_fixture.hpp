#pragma once

#include <contract/payload_fixture.hpp>
#include <webhooks/outbox.hpp>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

namespace webhooks::testing {

/// As hosts, the storage has the time of the database.
struct PostgresqlOutboxPlace : PostgresqlPlace {
    std::shared_ptr<Storage> open(const EncryptionOptions& encryption,
                                  const std::shared_ptr<Clock>&) const {
        return PostgresqlPlace::open(encryption, nullptr);
    }
};

struct PostgresqlPayloadOutbox : PayloadFixture<PostgresqlOutboxPlace> {
    PostgresqlPayloadOutbox() { place.connect(host); }

    static Publication order(const std::string& key = "", const std::string& payload = "") {
        return {.event_type = "order.created",
                .payload = payload.empty() ? payload_canary : payload,
                .user_id = "alice",
                .idempotency_key = key};
    }

    Result<PublishReceipt> try_publish(const Publication& publication) {
        return publish_in_transaction(host, publication, *keys, place.place.schema);
    }

    PublishReceipt commit(const Publication& publication) {
        host << "BEGIN";
        const PublishReceipt receipt = try_publish(publication).value();
        host << "COMMIT";
        return receipt;
    }

    Error rejected(const Publication& publication) {
        host << "BEGIN";
        const Error error = try_publish(publication).error();
        host << "ROLLBACK";
        return error;
    }

    std::string rows() {
        return text(
            "(SELECT count(*) FROM webhooks_message) || ' ' || "
            "(SELECT count(*) FROM webhooks_unmatched) || ' ' || "
            "(SELECT count(*) FROM webhooks_idempotency_key) || ' ' || "
            "(SELECT count(*) FROM webhooks_data_key WHERE user_id IS NOT NULL)");
    }

    bool is_open() {
        auto* const backend = static_cast<soci::postgresql_session_backend*>(host.get_backend());
        return PQtransactionStatus(backend->conn_) == PQTRANS_INTRANS;
    }

    soci::session host;
};

}  // namespace webhooks::testing

#endif
