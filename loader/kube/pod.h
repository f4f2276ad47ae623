// SPDX-License-Identifier: Apache-2.0
//
// core/v1 Pod: where it runs, its addresses, and what policies select it by.
#ifndef FAIRLEAD_LOADER_KUBE_POD_H_
#define FAIRLEAD_LOADER_KUBE_POD_H_

#include <cstdint>
#include <vector>

#include "base/ip.h"
#include "loader/kube/object_meta.h"
#include "loader/kube/shared_text.h"

namespace fairlead::kube {

enum class PodPhase : uint8_t { kPending, kRunning, kSucceeded, kFailed, kUnknown };

// A named port of a container, or of an init container that keeps running
// (restartPolicy: Always). Unnamed ports are documentation only and left out.
struct ContainerPort {
  SharedText name;
  Protocol protocol = Protocol::kTcp;
  uint16_t port = 0;

  friend bool operator==(const ContainerPort&, const ContainerPort&) = default;
};

struct Pod {
  ObjectMeta meta;
  SharedText node_name;  // empty: not scheduled
  bool host_network = false;
  PodPhase phase = PodPhase::kPending;
  std::vector<IpAddress> pod_ips;  // status.podIPs[], or podIP where that is absent
  std::vector<ContainerPort> named_ports;

  friend bool operator==(const Pod&, const Pod&) = default;
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_POD_H_
