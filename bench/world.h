// SPDX-License-Identifier: Apache-2.0
//
// World: the node that is measured. Two pods with real veth pairs in a network
// namespace of its own, 64 services for each way to choose a backend, and the
// shipped programs over tables of production size.
//
//   client ──▶ [from_pod] ──▶ backend        VIP:80+i ──▶ backend:8000+i
//
// The calling thread lives in that namespace from Make() on.
#ifndef FAIRLEAD_BENCH_WORLD_H_
#define FAIRLEAD_BENCH_WORLD_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/unique_fd.h"
#include "bench/frames.h"
#include "bench/fresh_packets.h"
#include "loader/kernel/clock.h"
#include "loader/kernel/map_set.h"
#include "loader/kernel/programs.h"
#include "maps/tables.h"

namespace fairlead::bench {

constexpr uint32_t kServices = 64;
// Different packets a stream can make: source ports × services.
constexpr uint32_t kMostFlows = kServices << FRESH_LOW_BITS;

// How a service chooses its backend; each has services of its own.
enum class Choice : uint8_t { kRandom, kMaglev, kLeastConnections, kAffinity };
inline constexpr std::array kChoices = {Choice::kRandom, Choice::kMaglev, Choice::kLeastConnections,
                                        Choice::kAffinity};

class World {
 public:
  static absl::StatusOr<World> Make();

  // Packets of the client to its services, and of the backends back to it.
  Stream ToService(Family family, Segment segment, Choice choice = Choice::kRandom) const;
  Stream FromBackend(Family family, Segment segment) const;
  // The same between the pods without a service.
  Stream ToPod(Family family, Segment segment) const;
  Stream FromPod(Family family, Segment segment) const;

  // Sends `count` packets through from_pod.
  struct Sent {
    double ns = 0;           // per packet
    uint32_t delivered = 0;  // how many from_pod sent to a pod
  };
  absl::StatusOr<Sent> Send(Family family, const Stream& stream, Flows flows, uint32_t count);
  // The same; FailedPrecondition unless every one of them reached a pod.
  absl::StatusOr<double> SendAll(Family family, const Stream& stream, Flows flows, uint32_t count);
  // The same packets made, but nothing done to them.
  absl::StatusOr<double> SendNowhere(Family family, const Stream& stream, Flows flows,
                                     uint32_t count);

  // One hash lookup with `flows` keys in turn, to compare machines with.
  absl::Status PrepareYardstick(Family family, uint32_t flows);
  absl::StatusOr<double> RunYardstick(Family family, uint32_t flows, uint32_t count);

  // Runs the packet of one flow; an error unless it leaves with `expected`'s
  // addresses and ports, one hop older.
  absl::Status Expect(Family family, const Stream& stream, const Stream& expected, uint32_t flow);

  // Flow objects, and half-open entries, in use.
  uint32_t CountFlows(Family family) const;
  uint32_t CountHalfOpen(Family family) const;
  // Empties the table of flows, or the half-open one.
  absl::Status ForgetFlows(Family family);
  void ForgetHalfOpen(Family family);

  const Programs& programs() const { return *programs_; }

 private:
  struct Side {  // one end of the veth pairs
    uint32_t slot = 0;
    MacAddress mac{};
    IpAddress ip4, ip6;
    uint32_t ifindex() const;
    const IpAddress& ip(Family family) const { return family == Family::kIpv4 ? ip4 : ip6; }
  };
  absl::Status Populate();
  template <typename Abi>
  absl::Status PopulateFamily();
  template <typename Abi>
  absl::Status PopulateServices(Choice choice);
  Stream MakeStream(Family family, const Side& from, const IpAddress& to, Segment segment) const;
  IpAddress vip(Family family, Choice choice) const {
    return (family == Family::kIpv4 ? vip4_ : vip6_).Plus(static_cast<uint64_t>(choice));
  }
  FreshPackets& packets(Family family);
  absl::StatusOr<uint64_t> Counted(Family family, uint32_t reason) const;
  // "POLICY_DENIED 12, …": everything but deliveries, since the start.
  std::string OtherVerdicts(Family family) const;

  UniqueFd netns_;
  Side client_, backend_;
  IpAddress vip4_, vip6_;
  std::optional<MapSet> maps_;
  std::optional<Tables> tables_;
  std::optional<Programs> programs_;
  std::optional<FlowClock> clock_;
  std::optional<FreshPackets> packets4_, packets6_;
};

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_WORLD_H_
