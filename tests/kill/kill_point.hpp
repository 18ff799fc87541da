#pragma once

#include <string>
#include <string_view>

namespace webhooks::testing {

/// Kills this process with SIGKILL when it passes a point for the n-th time: a moment of an
/// operation, e.g. "append" "written". Must be called before there are threads.
void die_at(std::string operation, std::string moment, int passing);

/// Reports that a point is passed; may not return.
void pass(std::string_view operation, std::string_view moment);

/// While it exists, what this thread writes to files belongs to an operation. This gives the
/// operation moments inside its COMMIT: "half written", during a write; "written", but not yet
/// synchronised to the disk; "synced", but its caller does not know yet.
class Operation {
public:
    explicit Operation(std::string_view name);
    ~Operation();
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
};

}  // namespace webhooks::testing
