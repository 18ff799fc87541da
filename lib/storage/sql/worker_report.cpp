#include <locale>
#include <sstream>
#include <storage/sql/worker_report.hpp>

namespace webhooks::storage {

std::string write_report(const WorkerReport& report) {
    std::ostringstream text;
    text.imbue(std::locale::classic());
    const Rates& rates = report.per_second;
    text << report.host << ' ' << report.version << ' ' << report.in_flight << ' '
         << report.in_memory << ' ' << rates.published << ' ' << rates.attempts << ' '
         << rates.delivered << ' ' << rates.failed;
    return text.str();
}

std::optional<WorkerReport> read_report(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    std::istringstream words(*text);
    words.imbue(std::locale::classic());
    WorkerReport report;
    Rates& rates = report.per_second;
    words >> report.host >> report.version >> report.in_flight >> report.in_memory >>
        rates.published >> rates.attempts >> rates.delivered >> rates.failed;
    return words ? std::optional(std::move(report)) : std::nullopt;
}

}  // namespace webhooks::storage
