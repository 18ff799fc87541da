#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <report.hpp>

namespace bench {
namespace {

template <class... Values>
std::string format(const char* pattern, Values... values) {
    char text[256];
    std::snprintf(text, sizeof text, pattern, values...);
    return text;
}

/// Four significant digits at most, thousands as "k".
std::string short_text(double value) {
    if (std::abs(value) >= 10'000) return format("%.0fk", value / 1000);
    if (std::abs(value) >= 100) return format("%.0f", value);
    return format("%.3g", value);
}

const Outcome* find(const Outcomes& outcomes, const std::string& name) {
    for (const Outcome& outcome : outcomes) {
        if (outcome.row->name == name && !outcome.samples.empty()) return &outcome;
    }
    return nullptr;
}

/// What a target is compared with; absent where a row that it needs was not measured.
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
    return Spread{.median = median, .least = values.front(), .most = values.back()};
}

std::string table(const Outcomes& outcomes) {
    std::string text;
    for (const Outcome& outcome : outcomes) {
        text += format("%-26s %s\n", outcome.row->name.c_str(), outcome.row->what.c_str());
        if (outcome.samples.empty()) {
            text += "    not measured: " + outcome.note + "\n";
            continue;
        }
        text += "   ";
        for (const auto& [name, spread] : outcome.spreads()) {
            text += " " + name + " " + short_text(spread.median);
            if (outcome.samples.size() > 1) {
                text += " (" + short_text(spread.least) + "-" + short_text(spread.most) + ")";
            }
        }
        text += "\n";
        for (const Target& target : outcome.row->targets) {
            const auto value = reached(outcomes, outcome, target);
            if (!value) continue;
            const std::string versus = target.versus.empty() ? "" : " / that of " + target.versus;
            text +=
                format("    target: %s%s = %.3g; %s %.3g, better %.3g: %s\n", target.figure.c_str(),
                       versus.c_str(), *value, target.is_at_most ? "at most" : "at least",
                       target.bar, target.aim, verdict(*value, target));
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
            ranges[name] = {spread.least, spread.most};
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
