#pragma once

#include <report.hpp>
#include <string>

namespace bench {

/// An SVG picture of rate and latency by load, of those rows that measure it; empty without any.
std::string chart(const Outcomes&);

}  // namespace bench
