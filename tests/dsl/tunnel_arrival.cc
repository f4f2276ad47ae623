// SPDX-License-Identifier: Apache-2.0
#include "tests/dsl/tunnel_arrival.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstring>
#include <span>

#include "loader/netlink/scratch_netns.h"
#include "tests/dsl/tunnel_arrival_abi.h"

// Generated code; its casts are C's.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wcast-qual"
#include "tunnel_arrival.skel.h"
#pragma GCC diagnostic pop

namespace fairlead::testing {
namespace {

std::span<const std::byte> Elf() {
  size_t size = 0;
  const void* bytes = tunnel_arrival::elf_bytes(&size);
  return {static_cast<const std::byte*>(bytes), size};
}

void PutFirst(int map, const void* value) {
  const uint32_t zero = 0;
  if (bpf_map_update_elem(map, &zero, value, BPF_ANY) != 0) std::abort();
}

}  // namespace

TunnelArrival& TunnelArrival::Get() {
  static auto* const arrival = new TunnelArrival;  // until the process ends
  return *arrival;
}

TunnelArrival::TunnelArrival() : object_(Must(BpfObject::Open("tunnel_arrival", Elf()))) {
  MustOk(object_.Load());
  bpf_object* object = object_.get();
  program_ = bpf_program__fd(bpf_object__find_program_by_name(object, "tunnel_arrival"));
  outer_map_ = bpf_object__find_map_fd_by_name(object, "outer");
  target_map_ = bpf_object__find_map_fd_by_name(object, "target");
}

int TunnelArrival::Before(int program, const Outer& outer) {
  arriving_tunnel arrival{};
  const Family family = outer.source.family();
  std::memcpy(arrival.source, outer.source.bytes(), static_cast<size_t>(AddressBytes(family)));
  if (family == Family::kIpv4) arrival.source[0] = ntohl(arrival.source[0]);
  arrival.vni = outer.vni;
  arrival.is_ipv6 = family == Family::kIpv6 ? 1 : 0;
  PutFirst(outer_map_, &arrival);
  PutFirst(target_map_, &program);
  return program_;
}

}  // namespace fairlead::testing
