#include <algorithm>
#include <chart.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace bench {
namespace {

constexpr double panel_width = 420;
constexpr double panel_height = 280;
constexpr double margin = 70;
constexpr const char* colours[] = {"#1b6ca8", "#c8553d", "#4f7942", "#7a5195"};

struct Point {
    double load = 0;  ///< In percent.
    double value = 0;
};

struct Line {
    std::string name;
    std::string colour;
    bool is_dashed = false;
    std::vector<Point> points;
};

struct Panel {
    std::string title;
    bool is_logarithmic = false;  ///< Its axis of values, which then begins at 0.1.
    std::vector<Line> lines;
};

/// The points of a row's figures `name@LOAD`.
std::vector<Point> points_of(const Outcome& outcome, const std::string& name) {
    std::vector<Point> points;
    for (const auto& [figure, spread] : outcome.spreads()) {
        if (figure.starts_with(name + "@")) {
            points.push_back(
                {std::strtod(figure.c_str() + name.size() + 1, nullptr), spread.median});
        }
    }
    return points;
}

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

std::string text_at(double x, double y, const std::string& text, const char* anchor = "middle",
                    const std::string& colour = "#333") {
    return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor +
           "\" fill=\"" + colour + "\">" + text + "</text>\n";
}

/// The round number at or above a value: 1, 2 or 5 followed by zeros.
double rounded_up(double value) {
    const double power = std::pow(10, std::floor(std::log10(std::max(value, 1e-9))));
    for (const double step : {1.0, 2.0, 5.0}) {
        if (step * power >= value) return step * power;
    }
    return 10 * power;
}

std::string draw(const Panel& panel, double left) {
    double max = 1;
    for (const Line& line : panel.lines) {
        for (const Point& point : line.points)
            max = std::max(max, point.value);
    }
    std::vector<double> ticks;
    if (panel.is_logarithmic) {
        for (double tick = 0.1; ticks.empty() || ticks.back() < max; tick *= 10) {
            ticks.push_back(tick);
        }
    } else {
        for (int i = 0; i <= 4; ++i)
            ticks.push_back(rounded_up(max) / 4 * i);
    }
    const auto part = [&](double value) {  // of the axis, from 0 to 1
        if (!panel.is_logarithmic) return value / ticks.back();
        return std::log(std::max(value, 0.1) / 0.1) / std::log(ticks.back() / 0.1);
    };
    const auto x = [&](double load) { return left + load / 100 * panel_width; };
    const auto y = [&](double value) { return margin + (1 - part(value)) * panel_height; };

    std::string svg = text_at(x(50), margin - 40, panel.title);
    for (const double tick : ticks) {
        svg += "<path stroke=\"#ddd\" d=\"M" + number(x(0)) + " " + number(y(tick)) + "H" +
               number(x(100)) + "\"/>\n" + text_at(x(0) - 8, y(tick) + 4, number(tick), "end");
    }
    for (int load = 0; load <= 100; load += 25) {
        svg += text_at(x(load), margin + panel_height + 20, std::to_string(load) + " %");
    }
    svg += text_at(x(50), margin + panel_height + 40, "load, as part of the maximum");
    double key = margin - 20;
    for (const Line& line : panel.lines) {
        svg += "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" + line.colour + "\"" +
               (line.is_dashed ? " stroke-dasharray=\"6 4\"" : "") + " points=\"";
        for (const Point& point : line.points) {
            svg += number(x(point.load)) + "," + number(y(point.value)) + " ";
        }
        svg += "\"/>\n" + text_at(x(2), key += 15, line.name + (line.is_dashed ? " - -" : ""),
                                  "start", line.colour);
    }
    return svg;
}

}  // namespace

std::string chart(const Outcomes& outcomes) {
    Panel rate{.title = "deliveries per second", .lines = {}};
    Panel latency{.title = "ms from publish to the request at the receiver",
                  .is_logarithmic = true,
                  .lines = {}};
    std::size_t next_colour = 0;
    for (const Outcome& outcome : outcomes) {
        if (points_of(outcome, "rate").empty()) continue;
        const std::string& row = outcome.row->name;
        const std::string colour = colours[next_colour++ % std::size(colours)];
        rate.lines.push_back({row, colour, false, points_of(outcome, "rate")});
        latency.lines.push_back({row + " p50", colour, false, points_of(outcome, "p50_ms")});
        latency.lines.push_back({row + " p99", colour, true, points_of(outcome, "p99_ms")});
    }
    if (rate.lines.empty()) return {};
    const double width = 2 * (margin + panel_width) + margin;
    const double height = panel_height + 2 * margin;
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width) + "\" height=\"" +
           number(height) + "\" font-family=\"sans-serif\" font-size=\"12\">\n" +
           "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" + draw(rate, margin) +
           draw(latency, 2 * margin + panel_width) + "</svg>\n";
}

}  // namespace bench
