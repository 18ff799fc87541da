#pragma once

#include <kill/request_log.hpp>
#include <map>
#include <memory>
#include <vector>
#include <webhooks/storage.hpp>

namespace webhooks::testing {

/// One run of the worker.
struct Run {
    Time began{};
    Time ended{};
    bool was_killed = false;
};

/// Everything known after the last run, which was not killed.
struct Logs {
    int publications = 0;
    std::map<int, std::vector<EventId>> acknowledged;  ///< The publisher's, by number.
    std::vector<Request> requests;                     ///< The receiver's.
    std::shared_ptr<Storage> storage;
    std::vector<Run> runs;  ///< Numbered from 0.
};

/// Checks that
/// - each acknowledged event was delivered, or ended for a stated reason, and nothing else arrived,
///   byte for byte;
/// - a repeated publication is in the log once;
/// - each attempt in the log was a request, answered with that status, and the attempts of an event
///   are numbered 1, 2, 3 ...; ended events stay so;
/// - each other request is an event's last one in a run that was killed: at most one for each kill;
/// - each operational event was told and delivered once;
/// - no request came before it was due; each verifies; those of one event share a `webhook-id`;
/// - nothing is left to take over or to claim, and a dead worker's write changes nothing.
/// @return the number of requests that are in no attempt of the log, and were therefore repeated
int check_invariants(const Logs& logs);

}  // namespace webhooks::testing
