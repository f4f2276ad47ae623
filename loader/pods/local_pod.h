// SPDX-License-Identifier: Apache-2.0
//
// A pod that is attached to this node, and what a container runtime says when
// it asks for one. Plain values: stored by pod_store, plumbed by
// pod_plumbing, written into the tables by the daemon's PodDataplane.
#ifndef FAIRLEAD_LOADER_PODS_LOCAL_POD_H_
#define FAIRLEAD_LOADER_PODS_LOCAL_POD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/ip.h"

namespace fairlead {

// One entry of runtimeConfig.portMappings (CNI capability "portMappings"): who
// connects to `host_port` of the node reaches `container_port` of the pod.
struct PortMapping {
  Protocol protocol = Protocol::kTcp;  // kTcp, kUdp, kSctp
  uint16_t host_port = 0;
  uint16_t container_port = 0;
  std::optional<IpAddress> host_ip = std::nullopt;  // unset: every address of the node

  friend auto operator<=>(const PortMapping&, const PortMapping&) = default;
};

// What names an attachment: container ID and interface name.
using AttachmentId = std::pair<std::string, std::string>;

// CNI_CONTAINERID, CNI_IFNAME, the K8S_POD_* of CNI_ARGS and what runtimeConfig
// asks for. The first two together name an attachment; names are for people and
// may be empty.
struct PodRequest {
  std::string container_id;
  std::string interface_name;  // the pod's end, inside its namespace: "eth0"
  std::string name_space;
  std::string name;
  std::string uid;
  std::vector<PortMapping> port_mappings = {};
  std::string network = {};                     // the network configuration's "name"
  std::optional<IpAddress> ip4 = std::nullopt;  // this very address, or none
  std::optional<IpAddress> ip6 = std::nullopt;
  std::optional<MacAddress> mac = std::nullopt;  // unset: random

  friend bool operator==(const PodRequest&, const PodRequest&) = default;
};

struct LocalPod {
  uint32_t slot = 0;        // [0, FL_MAX_PODS): its index in the table `pods`
  uint32_t ifindex = 0;     // of the host end: FL_POD_IFINDEX_BASE + slot
  std::string host_device;  // HostDeviceName(slot)
  MacAddress mac{};         // of the pod's end
  std::optional<IpAddress> ip4 = std::nullopt;
  std::optional<IpAddress> ip6 = std::nullopt;
  std::string container_id;
  std::string interface_name;
  std::string name_space;
  std::string name;
  std::string uid;
  uint32_t mtu = 0;
  std::vector<PortMapping> port_mappings = {};
  uint64_t serial = 0;       // grows with every attachment on this node
  std::string network = {};  // CNI network name; "" for pods of before it was recorded

  friend bool operator==(const LocalPod&, const LocalPod&) = default;
};

inline AttachmentId IdOf(const PodRequest& pod) { return {pod.container_id, pod.interface_name}; }
inline AttachmentId IdOf(const LocalPod& pod) { return {pod.container_id, pod.interface_name}; }

// The kernel's side of a pod's attachment: programs and tables. Implemented by
// the daemon, called by PodAttacher on the daemon's thread.
class PodDataplane {
 public:
  virtual ~PodDataplane() = default;
  // Attaches the programs to the host device, which exists and is up, and
  // writes the tables. When it returns OK the pod's first packet is judged.
  virtual absl::Status AddPod(const LocalPod& pod) = 0;
  // Takes the pod out of the tables, also after a half of AddPod; a pod that was
  // never added is OK. The programs stay: until the device is gone, they refuse
  // whatever comes out of it.
  virtual absl::Status RemovePod(const LocalPod& pod) = 0;
  // FailedPrecondition, saying what and what to do, unless the programs on the
  // device are ours and nobody else's and the tables know the pod.
  virtual absl::Status CheckPod(const LocalPod& pod) = 0;
  // FailedPrecondition, saying why, when attached pods cannot reach all they should.
  virtual absl::Status CheckNode() = 0;
  // The pod is another MTU wide from now on; its flows go on.
  virtual absl::Status SetMtu(const LocalPod& pod) = 0;
  // The device is gone; what was attached to it is left over.
  virtual void ForgetDevice(const LocalPod& pod) = 0;
};

// "fl00042": never built from what a user has written.
std::string HostDeviceName(uint32_t slot);
// The index of a pod's host end, now or some time.
bool IsPodIfindex(uint32_t ifindex);

// A pod's gateway, the same on every node and answered for by from_pod:
// 169.254.1.1 and fe80::1, at FL_GATEWAY_MAC.
IpAddress GatewayAddress(Family family);
MacAddress GatewayMac();

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_LOCAL_POD_H_
