// SPDX-License-Identifier: Apache-2.0
#include "loader/kernel/embedded_objects.h"

#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "maps/abi/hook_config_abi.h"

// Generated code; its casts are C's.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wcast-qual"
#include "answer_neighbour_v4.skel.h"
#include "answer_neighbour_v6.skel.h"
#include "answer_tcp_reset_v4.skel.h"
#include "answer_tcp_reset_v6.skel.h"
#include "answer_time_exceeded_v4.skel.h"
#include "answer_time_exceeded_v6.skel.h"
#include "answer_too_big_v4.skel.h"
#include "answer_too_big_v6.skel.h"
#include "answer_unreachable_v4.skel.h"
#include "answer_unreachable_v6.skel.h"
#include "deliver_multicast_v4.skel.h"
#include "deliver_multicast_v6.skel.h"
#include "follow_icmp_error_v4.skel.h"
#include "follow_icmp_error_v6.skel.h"
#include "from_guest_v4.skel.h"
#include "from_guest_v6.skel.h"
#include "from_network_v4.skel.h"
#include "from_network_v6.skel.h"
#include "from_overlay_v4.skel.h"
#include "from_overlay_v6.skel.h"
#include "from_pod_v4.skel.h"
#include "from_pod_v6.skel.h"
#include "from_room_v4.skel.h"
#include "from_room_v6.skel.h"
#include "from_wire_v4.skel.h"
#include "from_wire_v6.skel.h"
#include "on_connect_v4.skel.h"
#include "on_connect_v6.skel.h"
#include "read_clock.skel.h"
#include "to_guest_v4.skel.h"
#include "to_guest_v6.skel.h"
#include "to_network_v4.skel.h"
#include "to_network_v6.skel.h"
#include "to_overlay_v4.skel.h"
#include "to_overlay_v6.skel.h"
#include "to_pod_v4.skel.h"
#include "to_pod_v6.skel.h"
#pragma GCC diagnostic pop

namespace fairlead {
namespace {

std::span<const std::byte> Bytes(const void* (*elf_bytes)(size_t*)) {
  size_t size = 0;
  const void* data = elf_bytes(&size);
  return {static_cast<const std::byte*>(data), size};
}

// Those that hold nothing else. They are of a file and never written: the kernel knows where to
// find them again.
void ForgetPages(std::span<const std::byte> bytes) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(bytes.data());
  const uintptr_t first = (begin + page - 1) / page * page;
  const uintptr_t end = (begin + bytes.size()) / page * page;
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
}

}  // namespace

std::span<const EmbeddedObject> EmbeddedObjects() {
#define BOTH(name, hook_id, slot)                                       \
  {#name, Family::kIpv4, hook_id, slot, Bytes(name##_v4::elf_bytes)}, { \
    #name, Family::kIpv6, hook_id, slot, Bytes(name##_v6::elf_bytes)    \
  }
#define HOOK(name, id) BOTH(name, id, std::nullopt)
#define ANSWER(name, slot) BOTH(name, std::nullopt, slot)
  static const EmbeddedObject kObjects[] = {
      HOOK(from_pod, HOOK_FROM_POD),
      HOOK(to_pod, HOOK_TO_POD),
      HOOK(from_network, HOOK_FROM_NETWORK),
      HOOK(to_network, HOOK_TO_NETWORK),
      HOOK(from_room, HOOK_FROM_ROOM),
      HOOK(from_overlay, HOOK_FROM_OVERLAY),
      HOOK(to_overlay, HOOK_TO_OVERLAY),
      HOOK(from_guest, HOOK_FROM_GUEST),
      HOOK(to_guest, HOOK_TO_GUEST),
      HOOK(from_wire, HOOK_FROM_WIRE),
      ANSWER(answer_neighbour, TAIL_ANSWER_NEIGHBOUR),
      ANSWER(answer_unreachable, TAIL_ANSWER_UNREACHABLE),
      ANSWER(answer_tcp_reset, TAIL_ANSWER_TCP_RESET),
      ANSWER(follow_icmp_error, TAIL_FOLLOW_ICMP_ERROR),
      ANSWER(answer_too_big, TAIL_ANSWER_TOO_BIG),
      ANSWER(answer_time_exceeded, TAIL_ANSWER_TIME_EXCEEDED),
      ANSWER(deliver_multicast, TAIL_DELIVER_MULTICAST),
  };
  return kObjects;
}

const EmbeddedObject& SocketObject(Family family) {
  static const EmbeddedObject kObjects[] = {BOTH(on_connect, std::nullopt, std::nullopt)};
  return kObjects[family == Family::kIpv4 ? 0 : 1];
}

std::span<const std::byte> ClockObject() { return Bytes(read_clock::elf_bytes); }

void ForgetObjectPages() {
  for (const EmbeddedObject& object : EmbeddedObjects()) ForgetPages(object.elf);
  for (const Family family : {Family::kIpv4, Family::kIpv6}) ForgetPages(SocketObject(family).elf);
}

}  // namespace fairlead
