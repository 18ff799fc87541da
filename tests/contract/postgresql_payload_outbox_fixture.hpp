#pragma once

#include <contract/payload_fixture.hpp>
#include <webhooks/outbox.hpp>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

namespace webhooks::testing {

/// The time that hosts have as well, and a test's own time for what is measured.
class HostClock final : public Clock {
public:
    explicit HostClock(std::shared_ptr<Clock> steady) : steady_(std::move(steady)) {}

    Time now() const override { return system_clock()->now(); }
    SteadyTime steady_now() const override { return steady_->steady_now(); }

private:
    const std::shared_ptr<Clock> steady_;
};

struct PostgresqlOutboxPlace : PostgresqlPlace {
    std::shared_ptr<Storage> open(const EncryptionOptions& encryption,
                                  std::shared_ptr<Clock> clock) const {
        return PostgresqlPlace::open(encryption, std::make_shared<HostClock>(std::move(clock)));
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
