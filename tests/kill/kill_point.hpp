#pragma once

#include <string>
#include <string_view>

namespace webhooks::testing {

/// Makes this process end by SIGKILL at the n-th passing of a point, which is a moment of an
/// operation, e.g. "append" "written". To be called before there are threads.
void die_at(std::string operation, std::string moment, int passing);

/// Tells that a point is passed; may not return.
void pass(std::string_view operation, std::string_view moment);

/// While it lives, what this thread writes to files is part of an operation. So that an operation
/// also has moments inside its COMMIT: "half written", of any write of bytes; "written", and not
/// yet synchronised with the disk; "synced", and its caller does not know.
class Operation {
public:
    explicit Operation(std::string_view name);
    ~Operation();
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
};

}  // namespace webhooks::testing
