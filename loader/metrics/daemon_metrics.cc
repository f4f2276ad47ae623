// SPDX-License-Identifier: Apache-2.0
#include "loader/metrics/daemon_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "maps/abi/limits_abi.h"

namespace fairlead::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

enum Which { kBuild, kProblems, kCpu, kMemory, kStart, kOpenFiles, kMaxFiles };

void Add(MetricFamily& family, std::vector<ClientMetric::Label> labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(std::move(metric));
}

// Fields of /proc/self/stat from the third on: the name before them may hold anything.
std::vector<double> StatFields() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string state;
  fields >> state;
  std::vector<double> values(4);
  for (double value = 0; fields >> value;) values.push_back(value);
  values.resize(64);
  return values;
}

double BootTime() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

double OpenFiles() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(files), end(files)));
}

}  // namespace

Families DescribeDaemon() {
  return {
      {"fairlead_build_info", "Always 1; which fairleadd this is", MetricType::Gauge, {}},
      {"fairlead_problems",
       "What is wrong now, by what it is about; the log and fairlead status say what",
       MetricType::Gauge,
       {}},
      {"process_cpu_seconds_total",
       "Total user and system CPU time spent in seconds",
       MetricType::Counter,
       {}},
      {"process_resident_memory_bytes", "Resident memory size in bytes", MetricType::Gauge, {}},
      {"process_start_time_seconds",
       "Start time of the process since unix epoch in seconds",
       MetricType::Gauge,
       {}},
      {"process_open_fds", "Number of open file descriptors", MetricType::Gauge, {}},
      {"process_max_fds", "Maximum number of open file descriptors", MetricType::Gauge, {}},
  };
}

Families ReadDaemon(const DaemonFacts& facts) {
  Families families = DescribeDaemon();
  Add(families[kBuild],
      {{"layout", FL_LAYOUT_VERSION}, {"mode", facts.mode}, {"version", facts.version}}, 1);
  for (const auto& [about, count] : facts.problems) {
    Add(families[kProblems], {{"about", about}}, static_cast<double>(count));
  }
  const std::vector<double> stat = StatFields();
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  // proc(5) counts from 1: utime 14, stime 15, starttime 22, rss 24.
  Add(families[kCpu], {}, (stat[14] + stat[15]) / ticks);
  Add(families[kMemory], {}, stat[24] * page);
  Add(families[kStart], {}, BootTime() + stat[22] / ticks);
  Add(families[kOpenFiles], {}, OpenFiles());
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  Add(families[kMaxFiles], {}, static_cast<double>(files.rlim_cur));
  return families;
}

Families SliFamilies(uint64_t healthz_answers) {
  Families families = {{"kubernetes_healthcheck",
                        "This metric records the result of a single healthcheck",
                        MetricType::Gauge,
                        {}},
                       {"kubernetes_healthchecks_total",
                        "This metric records the results of all healthchecks",
                        MetricType::Counter,
                        {}}};
  if (healthz_answers == 0) return {};
  Add(families[0], {{"name", "ping"}, {"type", "healthz"}}, 1);
  Add(families[1], {{"name", "ping"}, {"status", "success"}, {"type", "healthz"}},
      static_cast<double>(healthz_answers));
  return families;
}

}  // namespace fairlead::metrics
