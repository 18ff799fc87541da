#pragma once

/// @file
/// Which part of a feed a reader gets, and when it has missed something: the same for every
/// storage.

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>
#include <webhooks/storage/event_log.hpp>

namespace webhooks::storage {

/// `FeedChange::newest` of a feed that its readers must look at, whatever they have read.
inline constexpr EventId end_of_feed{std::numeric_limits<std::int64_t>::max()};

/// What a storage knows of its log when a feed is read.
struct FeedState {
    std::uint64_t database = 0;
    EventId newest{};  ///< Of all events, visible or not.
    /// Events up to this id are shown, and no other can appear among them.
    EventId settled{};
    EventId last_purged{};    ///< The highest id that the retention has deleted.
    std::int64_t purges = 0;  ///< Grows whenever it deletes something.
};

inline Error wrong_cursor(std::string reason) {
    return Error(std::vector<FieldError>{{"cursor", std::move(reason)}});
}

inline Result<> check_position(const FeedPosition& from, const FeedState& state) {
    if (from.database != state.database) return wrong_cursor("is one of another database");
    if (from.after <= state.newest) return {};
    return wrong_cursor("is ahead of the newest event: the database was restored from a backup");
}

/// Whether events after a position may have been deleted since it was handed out.
inline bool has_gap(const FeedPosition& from, const FeedState& state) {
    return from.purges != state.purges && from.after < state.last_purged;
}

/// @param source has `first_after(EventId, std::optional<Time> since)`, which returns the first
/// shown event after another one, and `read(EventId after, const FeedRequest&, FeedRows&)`, which
/// fills in `events` and `has_more`.
template <class Source>
Result<FeedRows> read_feed(const FeedRequest& request, const FeedState& state,
                           const Source& source) {
    FeedRows rows;
    rows.next = {.database = state.database, .after = state.settled, .purges = state.purges};
    if (request.only_newest_position) return rows;
    EventId after{};
    if (request.from) {
        if (Result<> valid = check_position(*request.from, state); !valid) return valid.error();
        after = request.from->after;
    }
    const EventId end = std::max(after, state.settled);
    const auto before = [&](const std::optional<EventId>& first) {
        return first ? EventId{first->value - 1} : end;
    };
    if (request.from && has_gap(*request.from, state)) {
        rows.gap = FeedGap{.after = after, .until = state.last_purged};
        rows.next.after = before(source.first_after(after, std::nullopt));
        return rows;
    }
    if (!request.from && request.since) after = before(source.first_after(after, request.since));
    source.read(after, request, rows);
    rows.next.after = rows.has_more ? rows.events.back().id : end;
    return rows;
}

}  // namespace webhooks::storage
