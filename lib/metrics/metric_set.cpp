#include <algorithm>
#include <array>
#include <atomic>
#include <webhooks/metrics.hpp>

namespace webhooks {
namespace {

/// The number of threads that can count without sharing a cache line.
constexpr std::size_t shards = 8;

std::size_t shard_of_this_thread() noexcept {
    static std::atomic<std::size_t> threads{0};
    thread_local const std::size_t shard = threads.fetch_add(1, std::memory_order_relaxed) % shards;
    return shard;
}

struct alignas(64) CacheLine {
    std::array<std::atomic<std::uint64_t>, 8> cells{};
};

std::size_t series_of(const MetricDescription& description) {
    std::size_t count = 1;
    for (const MetricLabel& label : description.labels) {
        count *= label.values.size();
    }
    return count;
}

/// The label values of a series, by its index in the combinations.
std::vector<std::pair<std::string, std::string>> labels_of(const MetricDescription& description,
                                                           std::size_t series) {
    std::vector<std::pair<std::string, std::string>> labels;
    for (auto label = description.labels.rbegin(); label != description.labels.rend(); ++label) {
        labels.emplace_back(label->name, label->values[series % label->values.size()]);
        series /= label->values.size();
    }
    std::ranges::reverse(labels);
    return labels;
}

}  // namespace

/// All numbers of all series, once for each shard. A histogram's series has one for each bucket and
/// one for the sum; any other series has one.
class MetricSet::Cells {
public:
    explicit Cells(std::vector<MetricDescription> descriptions)
        : descriptions_(std::move(descriptions)) {
        std::size_t cells = 0;
        for (const MetricDescription& description : descriptions_) {
            first_.push_back(cells);
            cells += series_of(description) * width_of(description);
        }
        const std::size_t lines = (cells + 7) / 8;
        for (auto& shard : shards_) {
            shard = std::vector<CacheLine>(lines);
        }
    }

    /// The first cell of a series.
    std::size_t place_of(std::size_t metric, std::size_t series) const noexcept {
        return first_[metric] + series * width_of(descriptions_[metric]);
    }

    void add(std::size_t place, std::uint64_t amount) noexcept {
        at(shard_of_this_thread(), place).fetch_add(amount, std::memory_order_relaxed);
    }

    void set(std::size_t place, std::uint64_t value) noexcept {
        at(0, place).store(value, std::memory_order_relaxed);
    }

    std::uint64_t sum(std::size_t place) const noexcept {
        std::uint64_t all = 0;
        for (const auto& shard : shards_) {
            all += shard[place / 8].cells[place % 8].load(std::memory_order_relaxed);
        }
        return all;
    }

    const std::vector<MetricDescription>& descriptions() const noexcept { return descriptions_; }

private:
    static std::size_t width_of(const MetricDescription& description) noexcept {
        return description.type == MetricType::histogram ? description.bounds.size() + 2 : 1;
    }

    std::atomic<std::uint64_t>& at(std::size_t shard, std::size_t place) noexcept {
        return shards_[shard][place / 8].cells[place % 8];
    }

    const std::vector<MetricDescription> descriptions_;
    std::vector<std::size_t> first_;  ///< The first cell of each metric.
    std::array<std::vector<CacheLine>, shards> shards_;
};

MetricSet::MetricSet(std::vector<MetricDescription> descriptions)
    : cells_(std::make_unique<Cells>(std::move(descriptions))) {}
MetricSet::~MetricSet() = default;

void MetricSet::add(std::size_t metric, std::size_t series, std::uint64_t amount) noexcept {
    cells_->add(cells_->place_of(metric, series), amount);
}

void MetricSet::set(std::size_t metric, std::size_t series, std::uint64_t value) noexcept {
    cells_->set(cells_->place_of(metric, series), value);
}

void MetricSet::observe(std::size_t metric, std::size_t series, std::uint64_t value,
                        std::uint64_t times) noexcept {
    const std::vector<std::uint64_t>& bounds = cells_->descriptions()[metric].bounds;
    const auto bucket = std::ranges::lower_bound(bounds, value) - bounds.begin();
    const std::size_t place = cells_->place_of(metric, series);
    cells_->add(place + static_cast<std::size_t>(bucket), times);
    cells_->add(place + bounds.size() + 1, value * times);
}

std::vector<MetricFamily> MetricSet::collect() const {
    std::vector<MetricFamily> families;
    for (std::size_t metric = 0; metric < cells_->descriptions().size(); ++metric) {
        const MetricDescription& description = cells_->descriptions()[metric];
        const double per_unit = static_cast<double>(description.per_unit);
        MetricFamily family{
            .name = description.name, .help = description.help, .type = description.type};
        for (const std::uint64_t bound : description.bounds) {
            family.bounds.push_back(static_cast<double>(bound) / per_unit);
        }
        for (std::size_t series = 0; series < series_of(description); ++series) {
            MetricSample sample{.labels = labels_of(description, series)};
            std::size_t place = cells_->place_of(metric, series);
            if (description.type == MetricType::histogram) {
                for (std::size_t bucket = 0; bucket <= description.bounds.size(); ++bucket) {
                    sample.buckets.push_back(cells_->sum(place++));
                }
            }
            sample.value = static_cast<double>(cells_->sum(place)) / per_unit;
            family.samples.push_back(std::move(sample));
        }
        families.push_back(std::move(family));
    }
    return families;
}

}  // namespace webhooks
