// SPDX-License-Identifier: Apache-2.0
//
// The interfaces and routes of the node under test, real ones, in a network
// namespace of this process: the programs ask the kernel for routes, and
// BPF_PROG_TEST_RUN wants interfaces that exist. Made once per process; links
// say nothing about tables, so tests may share them.
#ifndef FAIRLEAD_TESTS_DSL_SCRATCH_NETWORK_H_
#define FAIRLEAD_TESTS_DSL_SCRATCH_NETWORK_H_

#include <cstdint>
#include <set>

#include "base/ip.h"
#include "loader/netlink/netlink_socket.h"
#include "loader/netlink/scratch_netns.h"
#include "maps/abi/limits_abi.h"

namespace fairlead::testing {

inline constexpr MacAddress kGatewayMac = FL_GATEWAY_MAC;
inline constexpr MacAddress kTunnelMac = FL_TUNNEL_MAC;
inline constexpr MacAddress kUplinkMac = {0x02, 0, 0, 0, 0, 0x01};
inline constexpr MacAddress kRoomMac = FL_ROOM_MAC;
inline constexpr MacAddress kRouterMac = {0x02, 0, 0, 0, 0, 0xfe};

class ScratchNetwork {
 public:
  // Moves the calling thread, the test's, into the namespace the first time.
  static ScratchNetwork& Get();

  // The host end of the veth pair of the pod in `slot`.
  uint32_t PodLink(uint32_t slot);
  uint32_t uplink() const { return uplink_; }
  uint32_t tunnel() const { return tunnel_; }        // a VXLAN device
  uint32_t side_link() const { return side_link_; }  // no uplink of fairlead's
  // The near end of a wire to where a reassembly room would be.
  uint32_t room() const { return room_; }
  // All tests of the process have one and the same: who changes it sets it again.
  void SetDefaultRoute(Family family);
  void DropDefaultRoute(Family family);
  void SplitDefaultRoute(Family family);  // the side link is another hop of it

 private:
  ScratchNetwork();
  void AddUplink();
  void AddSideLink();
  void AddRoom();
  void AddTunnel();

  ScratchNetns netns_;
  NetlinkSocket netlink_;
  std::set<uint32_t> pod_slots_;
  uint32_t uplink_ = 2;
  uint32_t side_link_ = 4;
  uint32_t room_ = 0;
  uint32_t tunnel_ = 0;
};

// While this object lives no route leads into the world, or two.
class OtherDefaultRoute {
 public:
  using Change = void (ScratchNetwork::*)(Family);
  OtherDefaultRoute(Family family, Change change) : family_(family) {
    (ScratchNetwork::Get().*change)(family);
  }
  ~OtherDefaultRoute() { ScratchNetwork::Get().SetDefaultRoute(family_); }
  OtherDefaultRoute(const OtherDefaultRoute&) = delete;
  OtherDefaultRoute& operator=(const OtherDefaultRoute&) = delete;

 private:
  Family family_;
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_DSL_SCRATCH_NETWORK_H_
