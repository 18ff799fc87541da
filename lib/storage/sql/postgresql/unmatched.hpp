#pragma once

#include <cstddef>
#include <cstdint>
#include <filter/filter_cache.hpp>
#include <functional>
#include <set>
#include <storage/sql/postgresql/connection.hpp>
#include <vector>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::storage {

/// Decrypts what is stored, without asking anyone. If it is locked, its key is added to `missing`.
using OpenMessage = std::function<Message(const Message& stored, std::set<std::int64_t>& missing)>;

/// Judges the filters for what `webhooks_publish` has published and no other worker is judging, and
/// appends the events of those that let it through: unclaimed, and due as published.
/// What takes too long for one transaction is continued in the next: then those subscriptions of a
/// publication that are not judged yet remain.
/// @param filtered gets the subscriptions whose filters did not.
/// @param missing_keys gets the data keys of what stays, because it cannot be decrypted yet. What
/// has the same ordering key and is for the same subscriptions stays behind it.
/// @return how many publications were judged: not all of them, if there is much to read.
std::size_t judge_unmatched(PostgresqlConnection& connection, filter::FilterCache& filters,
                            const OpenMessage& open, Filtered& filtered,
                            std::set<std::int64_t>& missing_keys);

/// What was judged before a batch.
struct JudgedOrdered {
    Filtered filtered = {};                    ///< `send_filtered` counts them.
    std::set<std::int64_t> missing_keys = {};  ///< Of what stays.
    /// The appends that would overtake what stays because a key is missing.
    std::vector<std::size_t> held_up = {};
    /// Those that would overtake what one transaction had no room for.
    std::vector<std::size_t> behind = {};
    Batch room = {};  ///< For `without_behind`.
};

/// Judges what `webhooks_publish` has published with the ordering keys of a batch: its events come
/// before those of the batch. The queues are locked, and the batch has no ids yet. At most 1,000
/// publications with 16 MiB, so that heartbeats do not wait long: claims judge the others.
JudgedOrdered judge_ordered(PostgresqlConnection& connection, filter::FilterCache& filters,
                            const OpenMessage& open, const Batch& batch);
/// The batch, whose appends that are held up are rejected. @param room for the changed copy.
const Batch& without_held_up(const Batch& batch, const JudgedOrdered& judged, Batch& room);
/// The batch, whose appends that are behind what stays are rejected.
const Batch& without_behind(const Batch& batch, JudgedOrdered& judged);
/// Why an append is rejected, or a batch that has it is not written.
Error held_up();
void send_filtered(PostgresqlConnection& connection, WorkerId worker, const Filtered& filtered,
                   Time now);

}  // namespace webhooks::storage
