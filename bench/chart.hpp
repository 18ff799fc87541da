#pragma once

#include <report.hpp>
#include <string>

namespace bench {

/// An SVG chart of rate and latency by load, for the rows that measure it; empty if there are none.
std::string chart(const Outcomes&);

}  // namespace bench
