// SPDX-License-Identifier: Apache-2.0
//
// FreshPackets: runs a program on many packets, each freshly made, and says
// what one costs (fresh_packet.bpf.c). One family; not thread safe.
#ifndef FAIRLEAD_BENCH_FRESH_PACKETS_H_
#define FAIRLEAD_BENCH_FRESH_PACKETS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/unique_fd.h"
#include "bench/fresh_packet_abi.h"
#include "loader/kernel/bpf_object.h"
#include "maps/core/mapped_array.h"

namespace fairlead::bench {

// Packets of many flows that differ in their ports only.
struct Stream {
  std::vector<std::byte> frame;
  uint32_t ifindex = 0;
  fresh_port source{};
  fresh_port destination{};
};

// Which flows a run's packets belong to: `first` on, `mask`ed.
struct Flows {
  uint32_t first = 0;
  uint32_t mask = 0xffffffff;
};
constexpr Flows RoundRobin(uint32_t flows) { return {0, flows - 1}; }  // a power of two
constexpr Flows From(uint32_t first) { return {first, 0xffffffff}; }

// What the other end would send: addresses and ports exchanged.
Stream Reversed(const Stream& stream, Family family);

// The packet of one flow, as the program makes it.
std::vector<std::byte> PacketOf(const Stream& stream, Family family, uint32_t flow);

// Where the measured programs run.
enum class Layer { kTc, kXdp };

class FreshPackets {
 public:
  // At XDP the packets' interface must have an XDP program.
  static absl::StatusOr<FreshPackets> Load(Family family, Layer layer = Layer::kTc);

  // Runs `program` on `count` packets; returns nanoseconds per packet, what the
  // loop around the program and the making of the packet cost included.
  // `verdict`: of the last packet; may be null.
  absl::StatusOr<double> Run(int program, const Stream& stream, Flows flows, uint32_t count,
                             uint32_t* verdict = nullptr);
  // The same for a program that does nothing.
  absl::StatusOr<double> RunEmpty(const Stream& stream, Flows flows, uint32_t count);
  // The same for one lookup in a hash that holds `flows` keys.
  absl::StatusOr<double> RunYardstick(const Stream& stream, uint32_t flows, uint32_t count);
  absl::Status FillYardstick(uint32_t flows);

 private:
  absl::Status Aim(int program);

  Layer layer_ = Layer::kTc;
  BpfObject object_;
  MappedArray<fresh_packet> fresh_;  // the object's .bss
  int maker_ = -1;
  int empty_ = -1;
  int look_up_ = -1;
  int target_map_ = -1;
  int yardstick_map_ = -1;
  int aimed_at_ = -1;
};

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_FRESH_PACKETS_H_
