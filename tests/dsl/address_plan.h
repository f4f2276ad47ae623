// SPDX-License-Identifier: Apache-2.0
//
// Who lives where in the tests' little cluster, in either family. Tests speak
// of pod(1) or world(2); the numbers stay in here.
//
//	this node   10.0.0.1    fd00:10::1       its pods   10.244.1.0/24  fd00:244:1::/64
//	peer n      10.0.0.1+n  fd00:10::1+n     its pods   10.244.1+n/24  fd00:244:1+n::/64
//	services    10.96.0.n   fd00:96::n       the world  198.51.100.n   2001:db8::n
#ifndef FAIRLEAD_TESTS_DSL_ADDRESS_PLAN_H_
#define FAIRLEAD_TESTS_DSL_ADDRESS_PLAN_H_

#include <fmt/format.h>

#include "base/ip.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::testing {

inline IpAddress Ip(Family family, const std::string& ip4, const std::string& ip6) {
  return Must(IpAddress::Parse(family == Family::kIpv4 ? ip4 : ip6));
}

// Node 0 is the one under test; its peers follow.
inline IpAddress NodeAddress(Family family, int node) {
  return Ip(family, fmt::format("10.0.0.{}", node + 1), fmt::format("fd00:10::{:x}", node + 1));
}
inline IpAddress RouterAddress(Family family) { return Ip(family, "10.0.0.254", "fd00:10::fe"); }
inline Cidr PodCidr(Family family, int node) {
  return Cidr::Make(
      Ip(family, fmt::format("10.244.{}.0", node + 1), fmt::format("fd00:244:{:x}::", node + 1)),
      family == Family::kIpv4 ? 24 : 64);
}
inline IpAddress PodAddress(Family family, int node, int pod) {
  return PodCidr(family, node).address().Plus(static_cast<uint64_t>(pod) + 2);
}
inline IpAddress ServiceAddress(Family family, int service) {
  return Ip(family, "10.96.0.0", "fd00:96::").Plus(static_cast<uint64_t>(service));
}
inline IpAddress WorldAddress(Family family, int host) {
  return Ip(family, "198.51.100.0", "2001:db8::").Plus(static_cast<uint64_t>(host));
}
// The host's routes refuse this one.
inline Cidr UnreachableCidr(Family family) {
  return Must(Cidr::Parse(family == Family::kIpv4 ? "203.0.113.0/24" : "2001:db8:dead::/48"));
}
// The host has a device there that is no uplink of fairlead's.
inline Cidr SideCidr(Family family) {
  return Must(Cidr::Parse(family == Family::kIpv4 ? "172.20.0.0/16" : "fd00:172:20::/64"));
}

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_DSL_ADDRESS_PLAN_H_
