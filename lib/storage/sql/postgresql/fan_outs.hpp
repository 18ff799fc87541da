#pragma once

#include <storage/sql/postgresql/array.hpp>
#include <storage/sql/postgresql/connection.hpp>
#include <storage/sql/postgresql/worker_table.hpp>
#include <string>
#include <webhooks/storage/batch.hpp>

namespace webhooks::storage {

/// The slices of the appends of one batch that are fanned out, as arrays.
class NewSlices {
public:
    void add(const Append& append, const Appended& appended, std::size_t slice_size, Time now);
    void send(PostgresqlConnection& connection, const WorkerContext& context);

private:
    PostgresqlArray first_events_{PostgresqlArray::Element::bigint};
    PostgresqlArray users_{PostgresqlArray::Element::text};
    PostgresqlArray messages_{PostgresqlArray::Element::bigint};
    PostgresqlArray dues_{PostgresqlArray::Element::bigint};
    PostgresqlArray counts_{PostgresqlArray::Element::bigint};
    PostgresqlArray subscriptions_{PostgresqlArray::Element::text};
    bool is_empty_ = true;
};

/// Makes events of what was fanned out before, if the batch does so: not those that other workers
/// are making.
/// @param last_user whose events were made last, here
void continue_fan_outs(PostgresqlConnection& connection, const Batch& batch, std::string& last_user,
                       BatchReceipt& receipt);

}  // namespace webhooks::storage
