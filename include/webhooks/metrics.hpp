#pragma once

/// @file
/// Metrics as values: what `WebhookService::metrics` returns, their text for Prometheus, and a set
/// of counters for a host with its own metrics.

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
    gauge,      ///< The current value.
    histogram,  ///< How often values up to each bound were observed.
};

/// One series of a metric at one moment.
struct MetricSample {
    std::vector<std::pair<std::string, std::string>> labels = {};  ///< Names and values.
    double value = 0;  ///< Of a histogram: the sum of all observations.
    /// Of a histogram: the observations up to each bound and above the previous one, and finally
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
/// The `Content-Type` of an HTTP response with that text.
const char* content_type_of(MetricsFormat format) noexcept;

/// A label and all of its possible values.
struct MetricLabel {
    std::string name;
    std::vector<std::string> values;
};

/// A metric of a MetricSet.
struct MetricDescription {
    std::string name;  ///< As in MetricFamily, and the next two.
    std::string help;
    MetricType type = MetricType::counter;
    /// There is one series for each combination of their values, from the start.
    std::vector<MetricLabel> labels = {};
    /// Of a histogram, ascending, in the unit given by `per_unit`.
    std::vector<std::uint64_t> bounds = {};
    /// How many units of the counted, set or observed values make one unit of the metric: 1,000,000
    /// for a metric in seconds whose values are microseconds.
    std::uint64_t per_unit = 1;
};

/// Counters for many threads, which use separate memory if there is enough of it; it is summed when
/// the values are read. A metric is identified by its index in the descriptions, a series by its
/// index in the combinations of the labels' values, of which the last label's vary fastest. All
/// member functions may be called from any thread at once.
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

    /// The values so far.
    std::vector<MetricFamily> collect() const;

private:
    class Cells;
    const std::unique_ptr<Cells> cells_;
};

}  // namespace webhooks
