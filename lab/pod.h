// SPDX-License-Identifier: Apache-2.0
//
// One pod of a lab: what kubelet and the container runtime do for it, without
// images. Its containers are plain processes of this machine that live in the
// pod's network namespace and run the `command` and `args` of the manifest.
#ifndef FAIRLEAD_LAB_POD_H_
#define FAIRLEAD_LAB_POD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lab/node.h"
#include "lab/objects.h"

namespace fairlead::lab {

class Pod {
 public:
  Pod(const LabFolder& folder, Object object);

  std::string name() const { return NameOf(object_); }
  std::string node() const { return TextAt(object_, "/spec/nodeName"); }
  std::string network_namespace() const;
  std::string log_file() const { return folder_.Path("pods/" + name() + ".log"); }
  const Object& object() const { return object_; }     // with status
  std::string ipv4() const { return Address(false); }  // empty before Plug
  std::string ipv6() const { return Address(true); }

  // Makes the namespace and has the node's fairlead-cni plug it in. On failure
  // nothing stays behind.
  absl::Status Plug(const Node& node);
  absl::Status Unplug(const Node& node) const;

  // Starts the containers that have a command.
  absl::Status Start();
  // Until every TCP containerPort accepts; fails early when a container ends.
  absl::Status AwaitReady(Duration timeout) const;
  void SetReady(bool ready);

 private:
  std::string Address(bool ipv6) const;
  bool PortsAccept() const;

  LabFolder folder_;
  Object object_;
  std::vector<ProcessId> containers_;
};

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_POD_H_
