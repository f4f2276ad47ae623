// SPDX-License-Identifier: Apache-2.0
//
// discovery.k8s.io/v1 EndpointSlice, as far as a service proxy reads it.
// Ignored by design: targetRef, hostname, zone (hints carry the answer),
// deprecatedTopology, appProtocol.
#ifndef FAIRLEAD_LOADER_KUBE_ENDPOINT_SLICE_H_
#define FAIRLEAD_LOADER_KUBE_ENDPOINT_SLICE_H_

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ip.h"
#include "loader/kube/object_meta.h"
#include "loader/kube/shared_text.h"

namespace fairlead::kube {

// Names the Service (of the same namespace) that the slice belongs to.
inline constexpr char kServiceNameLabel[] = "kubernetes.io/service-name";
// Any value on a slice: the proxy must not use it.
inline constexpr char kHeadlessLabel[] = "service.kubernetes.io/headless";

enum class AddressType : uint8_t { kIpv4, kIpv6, kFqdn };

// ports[]
struct SlicePort {
  SharedText name;
  Protocol protocol = Protocol::kTcp;
  uint16_t port = 0;  // 0: nil in the API, to be ignored

  friend bool operator==(const SlicePort&, const SlicePort&) = default;
};

// endpoints[].hints: whose clients shall use an endpoint.
struct EndpointHints {
  std::vector<std::string> zones;  // forZones[].name
  std::vector<std::string> nodes;  // forNodes[].name

  friend auto operator<=>(const EndpointHints&, const EndpointHints&) = default;
};

// endpoints[]. There are more of them than of anything else: 48 bytes each.
struct SliceEndpoint {
  IpAddress address;  // addresses[0]; the API promises that the others are the same endpoint
  bool ready = true;  // nil conditions: ready and serving, not terminating
  bool serving = true;
  bool terminating = false;
  SharedText node_name;  // empty: unknown, as in slices written by hand
  // Null: none. Endpoints of a slice with equal hints have the same.
  std::shared_ptr<const EndpointHints> shared_hints;

  const EndpointHints& hints() const;
  friend bool operator==(const SliceEndpoint& a, const SliceEndpoint& b) {
    return a.address == b.address && a.ready == b.ready && a.serving == b.serving &&
           a.terminating == b.terminating && a.node_name == b.node_name && a.hints() == b.hints();
  }
};

struct EndpointSlice {
  ObjectMeta meta;
  AddressType address_type = AddressType::kIpv4;
  std::vector<SlicePort> ports;
  std::vector<SliceEndpoint> endpoints;  // empty for kFqdn

  friend bool operator==(const EndpointSlice&, const EndpointSlice&) = default;
};

inline const EndpointHints& SliceEndpoint::hints() const {
  static const EndpointHints kNone;
  return shared_hints == nullptr ? kNone : *shared_hints;
}

// The Service this slice belongs to; the name is empty if it belongs to none.
inline ObjectName ServiceOf(const EndpointSlice& slice) {
  return {slice.meta.name.name_space,
          std::string(slice.meta.labels.Find(kServiceNameLabel).value_or(""))};
}

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_ENDPOINT_SLICE_H_
