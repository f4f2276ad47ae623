// SPDX-License-Identifier: Apache-2.0
//
// See daemon_facts.h.
#include "bench/state/daemon_facts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <sstream>

namespace fairlead::bench {

absl::StatusOr<ProcessCost> CostOf(int pid) {
  ProcessCost cost;
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) cost.resident_kib = std::stoll(line.substr(6));
    if (line.starts_with("RssAnon:")) cost.anonymous_kib = std::stoll(line.substr(8));
    if (line.starts_with("VmHWM:")) cost.peak_kib = std::stoll(line.substr(6));
  }
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string text;
  std::getline(stat, text);
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) {
    return absl::NotFoundError(fmt::format("process {} is gone", pid));
  }
  // proc(5): utime and stime are the 12th and 13th fields behind the name.
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  constexpr int kBefore = 11;
  for (int i = 0; i < kBefore; ++i) fields >> field;
  double user = 0, system = 0;
  fields >> user >> system;
  cost.cpu_seconds = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return cost;
}

MetricsPage::MetricsPage(std::string_view text) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const size_t space = line.rfind(' ');
    if (line.starts_with('#') || space == std::string::npos) continue;
    series_[line.substr(0, space)] = std::strtod(line.c_str() + space + 1, nullptr);
  }
}

double MetricsPage::Sum(const std::string& name) const {
  double sum = 0;
  for (const auto& [series, value] : series_) {
    if (series == name || series.starts_with(name + "{")) sum += value;
  }
  return sum;
}

std::map<double, double> MetricsPage::Buckets(const std::string& name) const {
  std::map<double, double> buckets;
  constexpr std::string_view kBound = "le=\"";
  for (const auto& [series, value] : series_) {
    const size_t bound = series.find(kBound);
    if (!series.starts_with(name + "_bucket{") || bound == std::string::npos) continue;
    const std::string text = series.substr(bound + kBound.size());
    buckets[text.starts_with("+Inf") ? std::numeric_limits<double>::infinity()
                                     : std::strtod(text.c_str(), nullptr)] += value;
  }
  return buckets;
}

double Quantile(const std::map<double, double>& before, const std::map<double, double>& after,
                double part) {
  if (after.empty()) return 0;
  const auto gained = [&](double bound, double count) {
    const auto old = before.find(bound);
    return count - (old == before.end() ? 0 : old->second);
  };
  const double wanted = part * gained(after.rbegin()->first, after.rbegin()->second);
  double lower = 0, below = 0;
  for (const auto& [bound, count] : after) {
    const double here = gained(bound, count);
    if (here >= wanted && here > below) {
      return lower + (bound - lower) * (wanted - below) / (here - below);
    }
    lower = bound;
    below = here;
  }
  return lower;
}

}  // namespace fairlead::bench
