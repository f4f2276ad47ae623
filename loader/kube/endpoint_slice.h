// SPDX-License-Identifier: Apache-2.0
//
// discovery.k8s.io/v1 EndpointSlice, as far as a service proxy reads it.
// Ignored by design: targetRef, hostname, deprecatedTopology, appProtocol.
#ifndef FAIRLEAD_LOADER_KUBE_ENDPOINT_SLICE_H_
#define FAIRLEAD_LOADER_KUBE_ENDPOINT_SLICE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip.h"
#include "loader/kube/object_meta.h"

namespace fairlead::kube {

// Names the Service (of the same namespace) that the slice belongs to.
inline constexpr char kServiceNameLabel[] = "kubernetes.io/service-name";
// Any value on a slice: the proxy must not use it.
inline constexpr char kHeadlessLabel[] = "service.kubernetes.io/headless";

enum class AddressType : uint8_t { kIpv4, kIpv6, kFqdn };

// ports[]
struct SlicePort {
  std::string name;
  Protocol protocol = Protocol::kTcp;
  uint16_t port = 0;  // 0: nil in the API, to be ignored

  friend bool operator==(const SlicePort&, const SlicePort&) = default;
};

// endpoints[]
struct SliceEndpoint {
  IpAddress address;  // addresses[0]; the API promises that the others are the same endpoint
  bool ready = true;  // nil conditions: ready and serving, not terminating
  bool serving = true;
  bool terminating = false;
  std::string node_name;  // empty: unknown, as in slices written by hand
  std::string zone;
  std::vector<std::string> hint_zones;  // hints.forZones[].name
  std::vector<std::string> hint_nodes;  // hints.forNodes[].name

  friend bool operator==(const SliceEndpoint&, const SliceEndpoint&) = default;
};

struct EndpointSlice {
  ObjectMeta meta;
  AddressType address_type = AddressType::kIpv4;
  std::vector<SlicePort> ports;
  std::vector<SliceEndpoint> endpoints;  // empty for kFqdn

  friend bool operator==(const EndpointSlice&, const EndpointSlice&) = default;
};

// The Service this slice belongs to; the name is empty if it belongs to none.
inline ObjectName ServiceOf(const EndpointSlice& slice) {
  return {slice.meta.name.name_space,
          std::string(slice.meta.labels.Find(kServiceNameLabel).value_or(""))};
}

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_ENDPOINT_SLICE_H_
