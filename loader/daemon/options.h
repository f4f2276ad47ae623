// SPDX-License-Identifier: Apache-2.0
//
// What fairleadd was asked to do.
#ifndef FAIRLEAD_LOADER_DAEMON_OPTIONS_H_
#define FAIRLEAD_LOADER_DAEMON_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "loader/kernel/map_set.h"
#include "loader/plan/reach_plan.h"

namespace fairlead {

struct Options {
  std::string node_name;
  std::string manifests;             // directory
  std::vector<std::string> devices;  // empty: found by their addresses and routes
  bool masquerade = true;
  plan::RoutingOptions routing;
  std::string state_dir = "/var/lib/fairlead";
  std::string run_dir = "/run/fairlead";
  std::string bpffs = "/sys/fs/bpf/fairlead";
  std::string attach = "auto";  // auto, tcx, clsact
  std::string log_level = "info";
  MapSizes sizes;

  std::string pin_dir() const;    // maps of this layout
  std::string links_dir() const;  // links of the attached programs
  std::string cni_socket() const { return run_dir + "/cni.sock"; }
};

// InvalidArgument, naming the flag and the remedy.
absl::Status ValidateOptions(const Options& options);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_OPTIONS_H_
