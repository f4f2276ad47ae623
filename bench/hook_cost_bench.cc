// SPDX-License-Identifier: Apache-2.0
//
// hook_cost_bench: what a packet costs in from_pod, in nanoseconds above an
// empty program measured in the same run. docs/performance.md says how and what
// came out. `--sizes` prints how big the programs are instead.
//
// Exit 0: measured; 1: a case did not do what it says, or the kernel refused;
// 2: usage.
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "base/errno_status.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "bench/cases.h"
#include "bench/samples.h"
#include "bench/world.h"

namespace fairlead::bench {
namespace {

struct Flags {
  bool json = false;
  bool sizes = false;
  uint32_t rounds = 21;
  int cpu = -1;
  int family = 0;
  std::vector<std::string> cases;
  std::vector<uint32_t> flows = {1, 1024, 32768, 262144};
};

// One CPU for all, the last we may use: interrupts prefer the first. The
// priority only keeps neighbours from evicting our caches; without it, the
// numbers are noisier.
absl::Status StayOnOneCpu(int cpu) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
    return ErrnoStatus(errno, "ask for CPUs");
  for (int i = CPU_SETSIZE - 1; cpu < 0 && i >= 0; --i) {
    if (CPU_ISSET(i, &allowed)) cpu = i;
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  if (sched_setaffinity(0, sizeof(one), &one) != 0) {
    return ErrnoStatus(errno, fmt::format("stay on CPU {}", cpu));
  }
  static_cast<void>(setpriority(PRIO_PROCESS, 0, -10));
  return absl::OkStatus();
}

absl::Status PrintSizes(const World& world) {
  FL_ASSIGN_OR_RETURN(const std::vector<ProgramSize> sizes, world.programs().Sizes());
  std::map<std::string, std::map<Family, ProgramSize>> by_name;
  std::vector<std::string> order;
  for (const ProgramSize& size : sizes) {
    if (!by_name.contains(size.name)) order.push_back(size.name);
    by_name[size.name][size.family] = size;
  }
  fmt::print(
      "| program | IPv4 verified instructions | IPv4 jited bytes |"
      " IPv6 verified instructions | IPv6 jited bytes |\n|---|---:|---:|---:|---:|\n");
  for (const std::string& name : order) {
    const ProgramSize& v4 = by_name[name][Family::kIpv4];
    const ProgramSize& v6 = by_name[name][Family::kIpv6];
    fmt::print("| `{}` | {} | {} | {} | {} |\n", name, v4.verified_instructions, v4.jited_bytes,
               v6.verified_instructions, v6.jited_bytes);
  }
  return absl::OkStatus();
}

absl::Status Run(const Flags& flags) {
  FL_RETURN_IF_ERROR(StayOnOneCpu(flags.cpu));
  FL_ASSIGN_OR_RETURN(World world, World::Make());
  if (flags.sizes) return PrintSizes(world);

  Plan plan;
  plan.names = {flags.cases.begin(), flags.cases.end()};
  plan.flows = {flags.flows.begin(), flags.flows.end()};
  plan.rounds = flags.rounds;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    if (flags.family == 0 || flags.family == static_cast<int>(family)) {
      plan.families.push_back(family);
    }
  }
  if (!flags.json) fmt::print("{}\n", TableHead());
  return RunCases(world, plan, [&](const Result& result) {
    fmt::print("{}\n", flags.json ? ToJson(result) : TableRow(result));
    std::fflush(stdout);
  });
}

}  // namespace
}  // namespace fairlead::bench

int main(int argc, char** argv) {
  fairlead::InitLog("hook_cost_bench", "warn");
  fairlead::bench::Flags flags;
  CLI::App app("What a packet costs in from_pod: nanoseconds above an empty program.");
  app.add_flag("--json", flags.json, "one JSON object per case and line, instead of a table");
  app.add_flag("--sizes", flags.sizes, "print the sizes of the programs as a Markdown table");
  app.add_option("--rounds", flags.rounds, "rounds per case")->check(CLI::Range(1, 10000));
  app.add_option("--cpu", flags.cpu, "CPU to measure on; default: the last one");
  app.add_option("--family", flags.family, "4 or 6; default: both")->check(CLI::IsMember({4, 6}));
  app.add_option("--case", flags.cases, "only these; may be repeated")
      ->check(CLI::IsMember(fairlead::bench::CaseNames()));
  app.add_option("--flows", flags.flows, "of the established cases; powers of two")
      ->check(CLI::IsMember({1, 1024, 32768, 262144}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (const absl::Status status = fairlead::bench::Run(flags); !status.ok()) {
    fmt::print(stderr, "hook_cost_bench: {}\n", status.ToString());
    return 1;
  }
  return 0;
}
