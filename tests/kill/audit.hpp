#pragma once

/// @file
/// Compares the logs of publishers, receiver and storage if several workers share one PostgreSQL
/// database.

#include <kill/request_log.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>
#include <webhooks/ids.hpp>

namespace webhooks::testing {

/// What publishers know about their publications, by number.
struct Published {
    std::map<int, std::vector<EventId>> acknowledged;
    std::set<int> rejected;  ///< Reported as not written.
    std::set<int> unknown;   ///< Unknown: they exist completely or not at all.
};

/// What the logs have in common.
struct Findings {
    std::size_t events = 0;
    std::size_t requests = 0;
    /// Requests that are not attempts in the log, and were repeated: by the run that may have sent
    /// them, and the maximum for one event.
    std::map<int, std::size_t> unrecorded = {};
    std::size_t max_unrecorded = 0;

    std::size_t repeated() const;
};

/// Checks, once everything is idle, that
/// - each acknowledged event was delivered, in time, and is what was published, byte for byte; no
///   rejected one was delivered, and nothing else arrived or is in the log;
/// - each attempt in the log was a request that was answered with that status;
/// - attempts are numbered 1, 2, 3 ... and ended events stay so;
/// - nothing waits, and nothing is claimed.
/// @param uri of the database. @param subscriptions only `steady`, `flaky` and `reader`.
/// @param interrupted runs that were killed or suspended: of several requests for an event, theirs
/// are taken to be the ones missing from the log.
Findings audit(const std::string& uri, const std::string& schema, const Published& published,
               const std::vector<Request>& requests, const std::set<int>& interrupted);

}  // namespace webhooks::testing
