#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <webhooks/metrics.hpp>

namespace webhooks {
namespace {

/// The shortest notation of this number, without an exponent.
std::string number_text(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    std::array<char, 512> text{};
    const auto [end, error] =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    return {text.data(), end};
}

/// OpenMetrics requires a fraction in bounds that are whole numbers.
std::string bound_text(double bound) {
    std::string text = number_text(bound);
    if (text.find('.') == std::string::npos) text += ".0";
    return text;
}

std::string_view name_of(MetricType type) {
    switch (type) {
        case MetricType::counter:
            return "counter";
        case MetricType::gauge:
            return "gauge";
        case MetricType::histogram:
            break;
    }
    return "histogram";
}

std::string escape(std::string_view text, bool escapes_quotes) {
    std::string escaped;
    for (const char c : text) {
        if (c == '\\' || (c == '"' && escapes_quotes)) escaped += '\\';
        if (c == '\n') {
            escaped += "\\n";
        } else {
            escaped += c;
        }
    }
    return escaped;
}

class Writer {
public:
    explicit Writer(MetricsFormat format) : format_(format) {}

    void write(const MetricFamily& family) {
        // In the older format the `_total` belongs to the name of the metric.
        const bool has_total = family.type == MetricType::counter;
        const std::string sample_name = family.name + (has_total ? "_total" : "");
        const std::string& name =
            format_ == MetricsFormat::open_metrics ? family.name : sample_name;
        text_ += "# HELP " + name + ' ' +
                 escape(family.help, format_ == MetricsFormat::open_metrics) + '\n';
        text_ += "# TYPE " + name + ' ' + std::string(name_of(family.type)) + '\n';
        for (const MetricSample& sample : family.samples) {
            if (family.type == MetricType::histogram) {
                write_histogram(family, sample);
            } else {
                write_line(sample_name, sample, "", number_text(sample.value));
            }
        }
    }

    std::string take() {
        if (format_ == MetricsFormat::open_metrics) text_ += "# EOF\n";
        return std::move(text_);
    }

private:
    void write_histogram(const MetricFamily& family, const MetricSample& sample) {
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < sample.buckets.size(); ++i) {
            count += sample.buckets[i];
            const bool is_last = i == family.bounds.size();
            write_line(family.name + "_bucket", sample,
                       "le=\"" + (is_last ? "+Inf" : bound_text(family.bounds[i])) + '"',
                       std::to_string(count));
        }
        write_line(family.name + "_sum", sample, "", number_text(sample.value));
        write_line(family.name + "_count", sample, "", std::to_string(count));
    }

    void write_line(const std::string& name, const MetricSample& sample, const std::string& bound,
                    const std::string& value) {
        std::string labels;
        for (const auto& [label, label_value] : sample.labels) {
            if (!labels.empty()) labels += ',';
            labels += label + "=\"" + escape(label_value, true) + '"';
        }
        if (!labels.empty() && !bound.empty()) labels += ',';
        labels += bound;
        text_ += name;
        if (!labels.empty()) text_ += '{' + labels + '}';
        text_ += ' ' + value + '\n';
    }

    const MetricsFormat format_;
    std::string text_;
};

}  // namespace

std::string format_metrics(std::span<const MetricFamily> families, MetricsFormat format) {
    Writer writer(format);
    for (const MetricFamily& family : families) {
        writer.write(family);
    }
    return writer.take();
}

const char* content_type_of(MetricsFormat format) noexcept {
    return format == MetricsFormat::open_metrics
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace webhooks
