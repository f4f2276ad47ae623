// SPDX-License-Identifier: Apache-2.0
//
// Packets through the programs of the node under test, and what became of them.
#include <bpf/bpf.h>

#include "loader/attach/xdp.h"
#include "loader/kernel/prog_run.h"
#include "tests/dsl/address_plan.h"
#include "tests/dsl/node_state.h"

namespace fairlead::testing {

Hop Node::FromPod(const Pod& pod, const Packet& packet, uint32_t mark) {
  return Run(HOOK_FROM_POD, pod.ifindex, packet.OnLink(pod.mac, kGatewayMac), mark);
}
Hop Node::ToPod(const Pod& pod, const Packet& packet) {
  return Run(HOOK_TO_POD, pod.ifindex, packet.OnLink(kGatewayMac, pod.mac));
}
Hop Node::FromGuest(const Pod& guest, const Packet& packet) {
  return Run(HOOK_FROM_GUEST, guest.ifindex, packet.OnLink(guest.mac, kGatewayMac));
}
Hop Node::ToGuest(const Pod& guest, const Packet& packet) {
  return Run(HOOK_TO_GUEST, guest.ifindex, packet.OnLink(kGatewayMac, guest.mac));
}
Hop Node::FromNetwork(const Packet& packet, uint32_t mark) {
  return Run(HOOK_FROM_NETWORK, uplink(), packet.OnLink(kRouterMac, kUplinkMac), mark);
}
Hop Node::FromWire(const Packet& packet) {
  return Run(HOOK_FROM_WIRE, uplink(), packet.OnLink(kRouterMac, kUplinkMac));
}
Hop Node::ToNetwork(const Packet& packet, uint32_t mark) {
  return Run(HOOK_TO_NETWORK, uplink(), packet.OnLink(kUplinkMac, kRouterMac), mark);
}

Hop Node::FromRoom(const Packet& packet) {
  return Run(HOOK_FROM_ROOM, room(), packet.OnLink(kRoomMac, kGatewayMac));
}
Hop Node::FromOverlay(const Peer& peer, const Packet& packet) {
  return FromOverlay({UnderlayOf(peer), state_->options.routing.vni}, packet);
}
Hop Node::FromOverlay(const Outer& outer, const Packet& packet) {
  return Run(HOOK_FROM_OVERLAY, state_->network.tunnel(), packet.OnLink(kTunnelMac, kGatewayMac), 0,
             [&outer](int program) { return TunnelArrival::Get().Before(program, outer); });
}
Hop Node::ToOverlay(const Packet& packet, uint32_t mark) {
  return Run(HOOK_TO_OVERLAY, state_->network.tunnel(), packet.OnLink(kGatewayMac, kGatewayMac),
             mark);
}
IpAddress Node::UnderlayOf(const Peer& peer) const {
  return NodeAddress(state_->options.routing.underlay.value_or(Family::kIpv4), peer.number);
}

Hop Node::Run(hook where, uint32_t ifindex, const Packet& packet, uint32_t mark) {
  return Run(where, ifindex, packet, mark, [](int program) { return program; });
}

Hop Node::Run(hook where, uint32_t ifindex, const Packet& packet, uint32_t mark,
              const std::function<int(int)>& program_of) {
  if (where == HOOK_FROM_WIRE) return RunXdp(packet);
  ProgInput input;
  input.frame = packet.ToBytes();
  input.ifindex = ifindex;
  input.mark = mark;
  input.gso_size = packet.gso_size();
  input.gso_segs = packet.gso_segments();
  input.checksum_complete = packet.summed_by_device();

  Hop hop;
  hop.where = where;
  // As attached: the program of IPv6 sees what that of IPv4 has left to it.
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    absl::StatusOr<ProgOutput> output = RunOnce(program_of(Program(where, family)), input);
    if (!output.ok()) {
      // EBADMSG: the checksum of the whole packet does not fit its bytes any more.
      ADD_FAILURE() << output.status();
      return hop;
    }
    hop.action = static_cast<Action>(static_cast<int32_t>(output->verdict));
    hop.mark = output->mark;
    hop.frame = std::move(output->frame);
    // Beside another network what passes is left to its programs, too.
    if (hop.action == Action::kNext && state_->options.hooks.guests && family == state_->family) {
      hop.action = Action::kOk;
    }
    if (hop.action != Action::kNext) return Judged(std::move(hop), output->cpu);
  }
  return hop;
}

Hop Node::RunXdp(const Packet& packet) {
  ProgInput input;
  input.frame = packet.ToBytes();
  input.ifindex = uplink();
  const int program = Program(HOOK_FROM_WIRE, Family::kIpv4);
  if (!state_->xdp.has_value()) state_->xdp = Must(attach::CreateXdpLink(program, uplink(), true));
  Hop hop;
  hop.where = HOOK_FROM_WIRE;
  absl::StatusOr<ProgOutput> output = RunXdpOnce(program, input);
  if (!output.ok()) {
    ADD_FAILURE() << output.status();
    return hop;
  }
  static const std::map<uint32_t, Action> kActions = {
      {XDP_DROP, Action::kShot}, {XDP_PASS, Action::kOk}, {XDP_REDIRECT, Action::kRedirect}};
  hop.action = kActions.at(output->verdict);
  hop.frame = std::move(output->frame);
  return Judged(std::move(hop), output->cpu);
}

Hop Node::Judged(Hop hop, uint32_t cpu) const {
  const verdict_record record = Must(state_->tables.last_verdict.Read(0)).at(cpu);
  hop.reason = record.reason;
  hop.counted = Count(hop.where, record.reason);
  hop.ifindex = record.ifindex;
  hop.target = NameOf(record.ifindex);
  return hop;
}

std::string Node::NameOf(uint32_t ifindex) const {
  if (ifindex == uplink()) return "the uplink";
  if (ifindex == room()) return "the reassembly room";
  if (ifindex == state_->network.tunnel()) return "the tunnel device";
  const auto found = state_->names.find(ifindex);
  return found == state_->names.end() ? fmt::format("interface {}", ifindex) : found->second;
}

}  // namespace fairlead::testing
