#pragma once

#include <chrono>
#include <functional>
#include <row.hpp>
#include <vector>

namespace bench {

/// Measures the time since its construction, and the CPU time of all processes that take part.
class Meter {
public:
    explicit Meter(const Bench&);

    /// rate, cpu_us of this process, and those of the others, for this many items.
    Figures rate(double items) const;
    /// CPU time of only this process.
    double cpu_us(double items) const;
    std::chrono::duration<double> elapsed() const;

private:
    struct Cpu {
        std::chrono::duration<double> own{}, sink{}, postgresql{};
    };
    Cpu read() const;

    const Bench& bench_;
    Cpu before_;
    std::chrono::steady_clock::time_point start_;
};

/// What `wrk` reports, and the CPU time that it used.
struct WrkAnswer {
    double rate = 0;  ///< Requests per second.
    double requests = 0;
    std::chrono::duration<double> cpu{};
    double failures = 0;  ///< Responses other than 2xx or 3xx.
};

/// One thread, POST of the body with the given headers. Throws on failure.
WrkAnswer run_wrk(const Bench&, const std::string& url, std::chrono::seconds duration,
                  const std::string& body,
                  const std::vector<std::pair<std::string, std::string>>& headers,
                  int connections = 64);

/// The yardstick W: the rate of wrk against the sink with equivalent requests.
Figures measure_yardstick(const Bench&);
/// The same against another sink, requests per second.
double rate_of_wrk(const Bench&, const Sink&);
/// The number of connections per second that `openssl s_time -reuse` makes to the TLS sink: one
/// after another, each resumes a session and makes one request.
double rate_of_resumed_connections(const Bench&);

/// Measures two ways in turns, so that what else the machine does concerns both.
/// @param plain, changed each measures once; the first of its figures are `rate` and `cpu_us`.
/// @return the means of `changed`, and of its rates relative to those of `plain`: `of_plain`.
Figures compare_with_plain(const std::function<Figures()>& plain,
                           const std::function<Figures()>& changed);

/// The median time of several runs.
double median_us(const std::function<void()>& action);

/// @param part 0-1. @pre the values are ascending.
double percentile_ms(const std::vector<std::chrono::microseconds>&, double part);

}  // namespace bench
