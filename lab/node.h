// SPDX-License-Identifier: Apache-2.0
//
// One node of a lab: its namespace, its folders and its daemon.
#ifndef FAIRLEAD_LAB_NODE_H_
#define FAIRLEAD_LAB_NODE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lab/clock.h"
#include "lab/lab_folder.h"
#include "lab/lab_record.h"
#include "lab/objects.h"
#include "lab/process.h"

namespace fairlead::lab {

class Node {
 public:
  // `number` counts from 1; `program_folder` holds fairleadd and fairlead-cni.
  Node(const LabFolder& folder, int number, const LabRecord& lab, std::string program_folder);

  int number() const { return number_; }
  const std::string& name() const { return name_; }  // "node1"
  std::string network_namespace() const;
  std::string ipv4() const;
  std::string ipv6() const;
  std::string bpffs() const { return folder_.Path(name_ + "/bpffs"); }
  std::string run_dir() const { return folder_.Path(name_ + "/run"); }
  std::string state_dir() const { return folder_.Path(name_ + "/state"); }
  std::string socket() const { return run_dir() + "/cni.sock"; }
  std::string log_file() const { return folder_.Path(name_ + ".log"); }
  // How the daemon of this node is called.
  std::vector<std::string> DaemonArgv() const;

  absl::Status MakeFolders() const;

  absl::Status LaunchDaemon() const;                 // does not wait
  absl::Status AwaitDaemon(Duration timeout) const;  // until its socket, or /healthz, accepts
  absl::Status StopDaemon(int signal, Duration timeout) const;
  bool DaemonRuns() const;

  // Calls fairlead-cni as a container runtime does, for the pod's `eth0`.
  // `port_mappings` is that of its runtimeConfig. Returns what it printed; an
  // error object of the plugin becomes the Status.
  absl::StatusOr<std::string> CallCni(const std::string& command, const std::string& pod_namespace,
                                      const std::string& pod, const std::string& network_namespace,
                                      const Object& port_mappings = Object::array()) const;

 private:
  LabFolder folder_;
  int number_;
  Fabric fabric_;
  std::vector<std::string> daemon_flags_;
  std::string name_;
  std::string program_folder_;
};

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_NODE_H_
