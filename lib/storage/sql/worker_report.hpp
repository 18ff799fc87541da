#pragma once

#include <optional>
#include <string>
#include <webhooks/overview.hpp>

namespace webhooks::storage {

/// A report as one column: its members, separated by spaces.
std::string write_report(const WorkerReport& report);
/// @return nullopt for text of another version.
std::optional<WorkerReport> read_report(const std::optional<std::string>& text);

}  // namespace webhooks::storage
