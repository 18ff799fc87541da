#pragma once

/// @file
/// Metrics as values: what `WebhookService::metrics` answers, how they are written for Prometheus,
/// and a set of counters for a host that has metrics of its own.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

enum class MetricType : std::uint8_t {
    counter,    ///< Only grows; its samples are written with `_total` at the end of the name.
    gauge,      ///< What there is now.
    histogram,  ///< How often values up to each bound were observed.
};

/// One series of a metric at one moment.
struct MetricSample {
    std::vector<std::pair<std::string, std::string>> labels = {};  ///< Names and values.
    double value = 0;  ///< Of a histogram the sum of all that was observed.
    /// Of a histogram: observations up to each bound and above the one before, and as the last
    /// those above every bound. Not cumulative.
    std::vector<std::uint64_t> buckets = {};
};

/// A metric with all of its series.
struct MetricFamily {
    std::string name;  ///< Without the `_total` of a counter.
    std::string help;  ///< One sentence.
    MetricType type = MetricType::counter;
    std::vector<double> bounds = {};  ///< Of a histogram, ascending.
    std::vector<MetricSample> samples = {};
};

enum class MetricsFormat : std::uint8_t {
    prometheus,    ///< The text format, version 0.0.4.
    open_metrics,  ///< OpenMetrics 1.0, which ends in `# EOF`.
};

/// The text that a scraper reads.
std::string format_metrics(std::span<const MetricFamily> families, MetricsFormat format);
/// What an HTTP answer with that text has as its `Content-Type`.
const char* content_type_of(MetricsFormat format) noexcept;

/// A label and all values that it can have.
struct MetricLabel {
    std::string name;
    std::vector<std::string> values;
};

/// What a MetricSet counts.
struct MetricDescription {
    std::string name;  ///< As in MetricFamily, and the next two.
    std::string help;
    MetricType type = MetricType::counter;
    /// There is one series for each combination of their values, from the start.
    std::vector<MetricLabel> labels = {};
    /// Of a histogram, ascending, in the parts that `per_unit` tells.
    std::vector<std::uint64_t> bounds = {};
    /// How many parts of what is counted, set or observed make one unit of the metric: 1,000,000
    /// for a metric in seconds that is given microseconds.
    std::uint64_t per_unit = 1;
};

/// Counters that many threads count at once, each in memory of its own as far as there is enough,
/// which are summed when they are read. A metric is named by its place among the descriptions, a
/// series by its place among the combinations of the labels' values, of which the last label's vary
/// fastest. Every member may be called from any thread at once.
class MetricSet {
public:
    explicit MetricSet(std::vector<MetricDescription> descriptions);
    MetricSet(const MetricSet&) = delete;
    MetricSet& operator=(const MetricSet&) = delete;
    ~MetricSet();

    /// @pre the metric is a counter and has that series; likewise below.
    void add(std::size_t metric, std::size_t series = 0, std::uint64_t amount = 1) noexcept;
    void set(std::size_t metric, std::size_t series, std::uint64_t value) noexcept;
    /// @param times how often that value was observed.
    void observe(std::size_t metric, std::size_t series, std::uint64_t value,
                 std::uint64_t times = 1) noexcept;

    /// What was counted until now.
    std::vector<MetricFamily> collect() const;

private:
    class Cells;
    const std::unique_ptr<Cells> cells_;
};

}  // namespace webhooks
