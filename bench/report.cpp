#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <report.hpp>

namespace bench {
namespace {

template <class... Values>
std::string text_of(const char* pattern, Values... values) {
    char text[256];
    std::snprintf(text, sizeof text, pattern, values...);
    return text;
}

/// At most four significant digits, thousands as "k".
std::string short_text(double value) {
    if (std::abs(value) >= 10'000) return text_of("%.0fk", value / 1000);
    if (std::abs(value) >= 100) return text_of("%.0f", value);
    return text_of("%.3g", value);
}

std::string range_text(const Spread& spread) {
    return short_text(spread.min) + "-" + short_text(spread.max);
}

const Outcome* find(const Outcomes& outcomes, const std::string& name) {
    for (const Outcome& outcome : outcomes) {
        if (outcome.row->name == name && !outcome.samples.empty()) return &outcome;
    }
    return nullptr;
}

/// The value to compare with a target; absent if a row that it needs was not measured.
std::optional<double> reached(const Outcomes& outcomes, const Outcome& outcome,
                              const Target& target) {
    const auto own = outcome.spread(target.figure);
    if (!own || target.versus.empty()) return own ? std::optional(own->median) : std::nullopt;
    const Outcome* other = find(outcomes, target.versus);
    const auto others = other ? other->spread(target.figure) : std::nullopt;
    if (!others || others->median <= 0) return {};
    return own->median / others->median;
}

const char* verdict(double value, const Target& target) {
    const auto holds = [&](double wanted) {
        return target.is_at_most ? value <= wanted : value >= wanted;
    };
    if (holds(target.aim)) return "aim reached";
    return holds(target.bar) ? "bar reached" : "below the bar";
}

}  // namespace

std::vector<std::pair<std::string, Spread>> Outcome::spreads() const {
    std::vector<std::pair<std::string, Spread>> all;
    if (samples.empty()) return all;
    for (const auto& [name, first] : samples.front())
        all.emplace_back(name, *spread(name));
    return all;
}

std::optional<Spread> Outcome::spread(const std::string& figure) const {
    std::vector<double> values;
    for (const Figures& sample : samples) {
        for (const auto& [name, value] : sample) {
            if (name == figure) values.push_back(value);
        }
    }
    if (values.empty()) return {};
    std::ranges::sort(values);
    const std::size_t middle = values.size() / 2;
    const double median =
        values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    return Spread{.median = median, .min = values.front(), .max = values.back()};
}

std::string table(const Outcomes& outcomes) {
    constexpr const char* columns = "%-28s %8s %15s %6s %13s %7s %7s %7s\n";
    // These have a column each; the others a line of their own.
    const std::initializer_list<std::string_view> in_columns = {
        "rate", "ratio_to_W", "cpu_us", "sink_cpu_us", "wrk_cpu_us", "postgresql_cpu_us"};
    std::string text =
        text_of(columns, "", "rate/s", "range", "of W", "range", "CPU us", "sink's", "db's");
    for (const Outcome& outcome : outcomes) {
        const std::string& row = outcome.row->name;
        if (outcome.samples.empty()) {
            text += text_of("%-28s not measured: %s\n", row.c_str(), outcome.note.c_str());
            continue;
        }
        const auto median = [&](const char* figure) {
            const auto spread = outcome.spread(figure);
            return spread ? short_text(spread->median) : std::string();
        };
        const auto range = [&](const char* figure) {
            const auto spread = outcome.spread(figure);
            return spread ? range_text(*spread) : std::string();
        };
        text += text_of(columns, row.c_str(), median("rate").c_str(), range("rate").c_str(),
                        median("ratio_to_W").c_str(), range("ratio_to_W").c_str(),
                        median("cpu_us").c_str(), median("sink_cpu_us").c_str(),
                        median("postgresql_cpu_us").c_str());
        for (const auto& [name, spread] : outcome.spreads()) {
            const bool has_column = std::ranges::find(in_columns, name) != in_columns.end();
            // Those of other loads are only in the chart.
            if (has_column || name.find('@') != name.npos) continue;
            text += text_of("    %-24s %8s %15s\n", name.c_str(), short_text(spread.median).c_str(),
                            range_text(spread).c_str());
        }
        for (const Target& target : outcome.row->targets) {
            const auto value = reached(outcomes, outcome, target);
            if (!value) continue;
            const std::string versus = target.versus.empty() ? "" : " / " + target.versus;
            text += text_of("    -> %.3g  (%s%s; bar %.3g, aim %.3g: %s)\n", *value,
                            target.figure.c_str(), versus.c_str(), target.bar, target.aim,
                            verdict(*value, target));
        }
    }
    return text;
}

std::string json(const Outcomes& outcomes) {
    boost::json::object rows;
    for (const Outcome& outcome : outcomes) {
        if (outcome.samples.empty()) continue;
        boost::json::object row;
        boost::json::object ranges;
        for (const auto& [name, spread] : outcome.spreads()) {
            row[name] = spread.median;
            ranges[name] = {spread.min, spread.max};
        }
        row["ranges"] = std::move(ranges);
        boost::json::array targets;
        for (const Target& target : outcome.row->targets) {
            const auto value = reached(outcomes, outcome, target);
            if (!value) continue;
            targets.push_back({{"figure", target.figure},
                               {"versus", target.versus},
                               {"value", *value},
                               {"bar", target.bar},
                               {"aim", target.aim}});
        }
        if (!targets.empty()) row["targets"] = std::move(targets);
        rows[outcome.row->name] = std::move(row);
    }
    return boost::json::serialize(rows) + "\n";
}

}  // namespace bench
