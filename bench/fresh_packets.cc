// SPDX-License-Identifier: Apache-2.0
#include "bench/fresh_packets.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "bench/frames.h"

// Generated code; its casts are C's.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wcast-qual"
#include "fresh_frame_v4.skel.h"
#include "fresh_frame_v6.skel.h"
#include "fresh_packet_v4.skel.h"
#include "fresh_packet_v6.skel.h"
#pragma GCC diagnostic pop

namespace fairlead::bench {
namespace {

std::span<const std::byte> Elf(Family family, Layer layer) {
  size_t size = 0;
  const bool is_v4 = family == Family::kIpv4;
  const void* bytes = nullptr;
  if (layer == Layer::kTc) {
    bytes = is_v4 ? fresh_packet_v4::elf_bytes(&size) : fresh_packet_v6::elf_bytes(&size);
  } else {
    bytes = is_v4 ? fresh_frame_v4::elf_bytes(&size) : fresh_frame_v6::elf_bytes(&size);
  }
  return {static_cast<const std::byte*>(bytes), size};
}

bpf_map* FindBss(const bpf_object* object) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (std::string_view(bpf_map__name(map)).ends_with(".bss")) return map;
  }
  return nullptr;
}

uint16_t PortOf(const fresh_port& port, uint32_t flow) {
  return static_cast<uint16_t>(port.base + (flow & port.low_mask) +
                               (flow >> FRESH_LOW_BITS & port.high_mask));
}

}  // namespace

std::vector<std::byte> PacketOf(const Stream& stream, Family family, uint32_t flow) {
  std::vector<std::byte> packet = stream.frame;
  std::byte* at = packet.data() + PortsOffset(family);
  for (const uint16_t port : {PortOf(stream.source, flow), PortOf(stream.destination, flow)}) {
    *at++ = static_cast<std::byte>(port >> 8);
    *at++ = static_cast<std::byte>(port & 0xff);
  }
  return packet;
}

Stream Reversed(const Stream& stream, Family family) {
  Stream reversed = stream;
  const auto bytes = AddressBytes(family);
  const auto destination =
      reversed.frame.begin() + static_cast<std::ptrdiff_t>(PortsOffset(family)) - bytes;
  std::swap_ranges(destination - bytes, destination, destination);
  std::swap(reversed.source, reversed.destination);
  return reversed;
}

absl::StatusOr<FreshPackets> FreshPackets::Load(Family family, Layer layer) {
  FreshPackets packets;
  packets.layer_ = layer;
  FL_ASSIGN_OR_RETURN(packets.object_, BpfObject::Open("fresh_packet", Elf(family, layer)));
  FL_RETURN_IF_ERROR(packets.object_.Load());
  bpf_object* object = packets.object_.get();
  packets.maker_ = bpf_program__fd(bpf_object__find_program_by_name(object, "fresh_packet"));
  packets.empty_ = bpf_program__fd(bpf_object__find_program_by_name(object, "empty"));
  packets.look_up_ = bpf_program__fd(bpf_object__find_program_by_name(object, "look_up"));
  packets.yardstick_map_ = bpf_object__find_map_fd_by_name(object, "yardstick");
  packets.target_map_ = bpf_object__find_map_fd_by_name(object, "target");
  FL_ASSIGN_OR_RETURN(
      BpfMap bss,
      BpfMap::FromFd(UniqueFd(fcntl(bpf_map__fd(FindBss(object)), F_DUPFD_CLOEXEC, 0))));
  FL_ASSIGN_OR_RETURN(packets.fresh_, MappedArray<fresh_packet>::Open(std::move(bss)));
  return packets;
}

absl::Status FreshPackets::Aim(int program) {
  if (aimed_at_ == program) return absl::OkStatus();
  const uint32_t slot = 0;
  if (bpf_map_update_elem(target_map_, &slot, &program, BPF_ANY) != 0) {
    return ErrnoStatus(errno, "aim fresh_packet at a program");
  }
  aimed_at_ = program;
  return absl::OkStatus();
}

absl::StatusOr<double> FreshPackets::Run(int program, const Stream& stream, Flows flows,
                                         uint32_t count, uint32_t* verdict) {
  FL_RETURN_IF_ERROR(Aim(program));
  fresh_packet& fresh = fresh_[0];
  std::memcpy(fresh.frame, stream.frame.data(), std::min(stream.frame.size(), sizeof(fresh.frame)));
  fresh.source = stream.source;
  fresh.destination = stream.destination;
  fresh.next = flows.first;
  fresh.mask = flows.mask;

  __sk_buff packet_context{};
  packet_context.ifindex = stream.ifindex;
  xdp_md frame_context{};
  frame_context.ingress_ifindex = stream.ifindex;
  frame_context.data_end = static_cast<uint32_t>(stream.frame.size());
  LIBBPF_OPTS(bpf_test_run_opts, options);
  options.data_in = stream.frame.data();
  options.data_size_in = static_cast<uint32_t>(stream.frame.size());
  options.ctx_in = layer_ == Layer::kTc ? static_cast<void*>(&packet_context) : &frame_context;
  options.ctx_size_in = layer_ == Layer::kTc ? sizeof(packet_context) : sizeof(frame_context);
  options.repeat = static_cast<int>(count);
  if (bpf_prog_test_run_opts(maker_, &options) != 0) {
    return ErrnoStatus(errno, "run fresh_packet");
  }
  if (fresh.next != flows.first + count) {
    return absl::InternalError(
        fmt::format("fresh_packet made {} of {} packets", fresh.next - flows.first, count));
  }
  if (verdict != nullptr) *verdict = options.retval;
  return options.duration;
}

absl::StatusOr<double> FreshPackets::RunEmpty(const Stream& stream, Flows flows, uint32_t count) {
  return Run(empty_, stream, flows, count);
}

absl::Status FreshPackets::FillYardstick(uint32_t flows) {
  for (uint64_t flow = 0; flow < flows; ++flow) {
    const uint64_t key[2] = {flow, 0};
    if (bpf_map_update_elem(yardstick_map_, key, key, BPF_ANY) != 0) {
      return ErrnoStatus(errno, "fill the yardstick");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<double> FreshPackets::RunYardstick(const Stream& stream, uint32_t flows,
                                                  uint32_t count) {
  uint32_t verdict = 0;
  FL_ASSIGN_OR_RETURN(const double ns, Run(look_up_, stream, RoundRobin(flows), count, &verdict));
  if (verdict == 0) return ns;
  return absl::FailedPreconditionError("the yardstick's keys are not there");
}

}  // namespace fairlead::bench
