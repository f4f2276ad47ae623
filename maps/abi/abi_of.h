// SPDX-License-Identifier: Apache-2.0
//
// AbiOf<family>: the table layouts of one address family under one set of
// names, so that code above the ABI is written once and instantiated twice.
#ifndef FAIRLEAD_MAPS_ABI_ABI_OF_H_
#define FAIRLEAD_MAPS_ABI_ABI_OF_H_

#include <arpa/inet.h>

#include <cstring>

#include "base/ip.h"
#include "maps/abi/both_families.h"

namespace fairlead {

template <Family F>
struct AbiOf;

template <>
struct AbiOf<Family::kIpv4> {
  static constexpr Family kFamily = Family::kIpv4;
  static constexpr char kDigit = '4';
  using Ip = ip4;
  using Tuple = tuple4;
  using ServiceKey = service_key4;
  using SocketPeerKey = socket_peer_key4;
  using SocketPeer = socket_peer4;
  using SourceRangeKey = source_range_key4;
  using AffinityKey = affinity_key4;
  using Backend = backend4;
  using HalfOpenBucket = half_open_bucket4;
  using FlowSide = flow_side4;
  using Flow = flow4;
  using FragmentKey = fragment_key4;
  using PodAddress = pod_address4;
  using Group = group4;
  using PrefixKey = prefix_key4;
  using NodeState = node_state4;
};

template <>
struct AbiOf<Family::kIpv6> {
  static constexpr Family kFamily = Family::kIpv6;
  static constexpr char kDigit = '6';
  using Ip = ip6;
  using Tuple = tuple6;
  using ServiceKey = service_key6;
  using SocketPeerKey = socket_peer_key6;
  using SocketPeer = socket_peer6;
  using SourceRangeKey = source_range_key6;
  using AffinityKey = affinity_key6;
  using Backend = backend6;
  using HalfOpenBucket = half_open_bucket6;
  using FlowSide = flow_side6;
  using Flow = flow6;
  using FragmentKey = fragment_key6;
  using PodAddress = pod_address6;
  using Group = group6;
  using PrefixKey = prefix_key6;
  using NodeState = node_state6;
};

using Abi4 = AbiOf<Family::kIpv4>;
using Abi6 = AbiOf<Family::kIpv6>;

// Address values to and from their bytes in a table.
template <typename Ip>
Ip ToAbi(const IpAddress& address) {
  Ip ip{};
  std::memcpy(&ip, address.bytes(), sizeof(ip));
  return ip;
}
inline IpAddress FromAbi(const ip4& ip) { return IpAddress::FromBytes(Family::kIpv4, &ip); }
inline IpAddress FromAbi(const ip6& ip) { return IpAddress::FromBytes(Family::kIpv6, &ip); }

// Either family in 16 bytes, as tables about tunnels' ends hold it: IPv4 as
// ::ffff:a.b.c.d.
inline ip6 ToMapped(const IpAddress& address) { return ToAbi<ip6>(address.AsMapped()); }
inline IpAddress FromMapped(const ip6& ip) { return IpAddress::FromMapped(&ip); }

}  // namespace fairlead

#endif  // FAIRLEAD_MAPS_ABI_ABI_OF_H_
