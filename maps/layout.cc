// SPDX-License-Identifier: Apache-2.0
#include "maps/layout.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <string_view>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "maps/abi/both_families.h"

namespace fairlead {
namespace {

#define F(type, field) \
  FieldLayout { #field, offsetof(type, field) }

// One family's structs; the names differ in their last character only.
#define PER_FAMILY(n)                                                                              \
  {"tuple" #n,                                                                                     \
   sizeof(tuple##n),                                                                               \
   {F(tuple##n, source), F(tuple##n, destination), F(tuple##n, source_port),                       \
    F(tuple##n, destination_port), F(tuple##n, protocol)}},                                        \
      {"service_key" #n,                                                                           \
       sizeof(service_key##n),                                                                     \
       {F(service_key##n, vip), F(service_key##n, port), F(service_key##n, protocol),              \
        F(service_key##n, relayed)}},                                                              \
      {"socket_peer_key" #n,                                                                       \
       sizeof(socket_peer_key##n),                                                                 \
       {F(socket_peer_key##n, cookie), F(socket_peer_key##n, address),                             \
        F(socket_peer_key##n, port)}},                                                             \
      {"socket_peer" #n,                                                                           \
       sizeof(socket_peer##n),                                                                     \
       {F(socket_peer##n, address), F(socket_peer##n, port)}},                                     \
      {"source_range_key" #n,                                                                      \
       sizeof(source_range_key##n),                                                                \
       {F(source_range_key##n, length), F(source_range_key##n, service),                           \
        F(source_range_key##n, address)}},                                                         \
      {"affinity_key" #n,                                                                          \
       sizeof(affinity_key##n),                                                                    \
       {F(affinity_key##n, service), F(affinity_key##n, client)}},                                 \
      {"backend" #n,                                                                               \
       sizeof(backend##n),                                                                         \
       {F(backend##n, address), F(backend##n, port), F(backend##n, state), F(backend##n, weight),  \
        F(backend##n, generation), F(backend##n, service)}},                                       \
      {"half_open" #n,                                                                             \
       sizeof(half_open##n),                                                                       \
       {F(half_open##n, tuple), F(half_open##n, reverse), F(half_open##n, stamp),                  \
        F(half_open##n, hash), F(half_open##n, backend), F(half_open##n, backend_generation),      \
        F(half_open##n, flags), F(half_open##n, window_scale), F(half_open##n, policy_epoch),      \
        F(half_open##n, uplink_epoch)}},                                                           \
      {"half_open_bucket" #n, sizeof(half_open_bucket##n), {F(half_open_bucket##n, way)}},         \
      {"flow_side" #n,                                                                             \
       sizeof(flow_side##n),                                                                       \
       {F(flow_side##n, generation),                                                               \
        F(flow_side##n, last_seen),                                                                \
        F(flow_side##n, policy_epoch),                                                             \
        F(flow_side##n, backend),                                                                  \
        F(flow_side##n, backend_generation),                                                       \
        F(flow_side##n, exit_target),                                                              \
        F(flow_side##n, exit_generation),                                                          \
        F(flow_side##n, acked),                                                                    \
        F(flow_side##n, window),                                                                   \
        F(flow_side##n, packets),                                                                  \
        F(flow_side##n, exit),                                                                     \
        F(flow_side##n, flags),                                                                    \
        F(flow_side##n, protocol),                                                                 \
        F(flow_side##n, window_scale),                                                             \
        F(flow_side##n, address_delta),                                                            \
        F(flow_side##n, l4_delta),                                                                 \
        F(flow_side##n, source_port),                                                              \
        F(flow_side##n, destination_port),                                                         \
        F(flow_side##n, source),                                                                   \
        F(flow_side##n, destination),                                                              \
        F(flow_side##n, created)}},                                                                \
      {"flow" #n, sizeof(flow##n), {F(flow##n, side)}},                                            \
      {"fragment_key" #n,                                                                          \
       sizeof(fragment_key##n),                                                                    \
       {F(fragment_key##n, source), F(fragment_key##n, destination), F(fragment_key##n, id),       \
        F(fragment_key##n, protocol)}},                                                            \
      {"pod_address" #n, sizeof(pod_address##n), {F(pod_address##n, address)}},                    \
      {"group" #n, sizeof(group##n), {F(group##n, address)}},                                      \
      {"prefix_key" #n,                                                                            \
       sizeof(prefix_key##n),                                                                      \
       {F(prefix_key##n, length), F(prefix_key##n, address)}},                                     \
  {                                                                                                \
    "node_state" #n, sizeof(node_state##n), {                                                      \
      F(node_state##n, hash_seed), F(node_state##n, policy_epoch), F(node_state##n, uplink_epoch), \
          F(node_state##n, smallest_mtu), F(node_state##n, pod_network),                           \
          F(node_state##n, pod_mask), F(node_state##n, address), F(node_state##n, tunnel_ifindex)  \
    }                                                                                              \
  }

struct BtfFree {
  void operator()(btf* types) const { btf__free(types); }
};

const StructLayout* FindLayout(std::string_view name) {
  for (const StructLayout& layout : StructLayouts()) {
    if (layout.name == name) return &layout;
  }
  return nullptr;
}

absl::Status CheckType(const btf* types, uint32_t id) {
  const btf_type* type = btf__type_by_id(types, id);
  if (type == nullptr || !btf_is_struct(type)) return absl::OkStatus();  // a plain number
  const char* name = btf__name_by_offset(types, type->name_off);
  const StructLayout* layout = FindLayout(name);
  if (layout == nullptr) {
    return absl::FailedPreconditionError(fmt::format("struct {} is unknown here", name));
  }
  return CheckLayout(types, *layout);
}

}  // namespace

const std::vector<StructLayout>& StructLayouts() {
  static const auto* const kLayouts = new std::vector<StructLayout>{
      PER_FAMILY(4),
      PER_FAMILY(6),
      {"service",
       sizeof(service),
       {F(service, id), F(service, flags), F(service, first), F(service, count),
        F(service, outside_first), F(service, outside_count), F(service, affinity),
        F(service, kind)}},
      {"affinity",
       sizeof(affinity),
       {F(affinity, backend), F(affinity, backend_generation), F(affinity, stamp)}},
      {"socket_flow",
       sizeof(socket_flow),
       {F(socket_flow, backend), F(socket_flow, generation), F(socket_flow, used)}},
      {"flow_ref", sizeof(flow_ref), {F(flow_ref, flow_and_side), F(flow_ref, generation)}},
      {"fragment",
       sizeof(fragment),
       {F(fragment, created), F(fragment, source_port), F(fragment, destination_port),
        F(fragment, protocol), F(fragment, shape), F(fragment, headers)}},
      {"room", sizeof(room), {F(room, ifindex), F(room, uplink)}},
      {"pod",
       sizeof(pod),
       {F(pod, ifindex), F(pod, generation), F(pod, mac), F(pod, mtu), F(pod, address4),
        F(pod, address6), F(pod, policy_subject)}},
      {"group_listeners", sizeof(group_listeners), {F(group_listeners, slots)}},
      {"pod_slot", sizeof(pod_slot), {F(pod_slot, slot), F(pod_slot, generation)}},
      {"node",
       sizeof(node),
       {F(node, ifindex), F(node, generation), F(node, next_hop4), F(node, next_hop6), F(node, way),
        F(node, mtu), F(node, tunnel_local), F(node, tunnel_remote)}},
      {"tunnel_peer_key", sizeof(tunnel_peer_key), {F(tunnel_peer_key, address)}},
      {"tunnel_peer", sizeof(tunnel_peer), {F(tunnel_peer, node)}},
      {"uplink", sizeof(uplink), {F(uplink, address4), F(uplink, address6), F(uplink, mtu)}},
      {"prefix", sizeof(prefix), {F(prefix, kind), F(prefix, node)}},
      {"counter", sizeof(counter), {F(counter, packets), F(counter, bytes)}},
      {"verdict_record",
       sizeof(verdict_record),
       {F(verdict_record, hook), F(verdict_record, reason), F(verdict_record, ifindex),
        F(verdict_record, family)}},
      {"hook_config",
       sizeof(hook_config),
       {F(hook_config, hash_seed), F(hook_config, timeout), F(hook_config, half_open_mask),
        F(hook_config, snat_first_port), F(hook_config, snat_ports), F(hook_config, masquerade),
        F(hook_config, record_verdicts), F(hook_config, default_deny), F(hook_config, test_seed),
        F(hook_config, flow_mask), F(hook_config, tunnel_port), F(hook_config, vni),
        F(hook_config, netns_cookie), F(hook_config, guests), F(hook_config, strangers),
        F(hook_config, neighbour_mask), F(hook_config, direct_return)}},
  };
  return *kLayouts;
}

absl::Status CheckLayout(const btf* types, const StructLayout& expected) {
  const int id = btf__find_by_name_kind(types, expected.name, BTF_KIND_STRUCT);
  if (id < 0) return absl::NotFoundError(fmt::format("no type information on {}", expected.name));
  const btf_type* type = btf__type_by_id(types, static_cast<uint32_t>(id));
  if (type->size != expected.size) {
    return absl::FailedPreconditionError(fmt::format("struct {} has {} bytes there, {} here",
                                                     expected.name, type->size, expected.size));
  }
  const btf_member* members = btf_members(type);
  for (const FieldLayout& field : expected.fields) {
    const btf_member* found = nullptr;
    for (int i = 0; i < btf_vlen(type); ++i) {
      if (std::string_view(btf__name_by_offset(types, members[i].name_off)) == field.name) {
        found = &members[i];
      }
    }
    if (found == nullptr || found->offset != field.offset * 8) {
      return absl::FailedPreconditionError(
          fmt::format("{}.{} is elsewhere: byte {} there, {} here", expected.name, field.name,
                      found == nullptr ? -1 : static_cast<int>(found->offset / 8), field.offset));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckMapLayout(const BpfMap& map) {
  if (map.btf_id() == 0) return absl::OkStatus();  // queues, prog arrays: plain numbers
  const std::unique_ptr<btf, BtfFree> types(btf__load_from_kernel_by_id(map.btf_id()));
  if (types == nullptr) return ErrnoStatus(errno, "read the types of map " + map.name());
  for (const uint32_t id : {map.btf_key_type_id(), map.btf_value_type_id()}) {
    if (absl::Status status = CheckType(types.get(), id); !status.ok()) {
      return {status.code(), fmt::format("map {} was made by another version: {}", map.name(),
                                         std::string(status.message()))};
    }
  }
  return absl::OkStatus();
}

}  // namespace fairlead
