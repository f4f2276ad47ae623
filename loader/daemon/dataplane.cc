// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/dataplane.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <set>

#include "base/errno_status.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "loader/attach/socket_hooks.h"
#include "loader/daemon/bpf_filesystem.h"
#include "loader/daemon/host_ports.h"
#include "loader/daemon/other_layouts.h"
#include "loader/daemon/reassembly_room.h"
#include "loader/kernel/embedded_objects.h"
#include "loader/netfilter/conntrack.h"
#include "loader/netlink/netlink_socket.h"
#include "maps/counter/verdict_counters.h"

namespace fairlead {
namespace {

// A step of the sweep visits 1/16 of the table; one a second makes a round in 16 s.
constexpr uint32_t kSweepParts = 16;

apply::PodEntry EntryOf(const LocalPod& pod) {
  return {.slot = pod.slot,
          .ifindex = pod.ifindex,
          .mac = pod.mac,
          .ip4 = pod.ip4,
          .ip6 = pod.ip6,
          .mtu = static_cast<uint16_t>(pod.mtu)};
}

bool IsPodHook(hook hook_id) { return hook_id == HOOK_FROM_POD || hook_id == HOOK_TO_POD; }

bool IsGuestHook(hook hook_id) { return hook_id == HOOK_FROM_GUEST || hook_id == HOOK_TO_GUEST; }

absl::StatusOr<attach::Mechanism> ChooseMechanism(const std::string& wanted,
                                                  const Programs& programs) {
  if (wanted == "tcx") return attach::Mechanism::kTcx;
  if (wanted == "clsact") return attach::Mechanism::kClsact;
  return attach::ProbeMechanism(programs.fd(HOOK_TO_NETWORK, Family::kIpv4));
}

// The prog arrays that programs jump through, and their pins' names.
std::vector<std::pair<std::string, const BpfMap*>> ProgArrays(const Programs& programs) {
  return {{"tail_calls4", &programs.tail_calls(Family::kIpv4)},
          {"tail_calls6", &programs.tail_calls(Family::kIpv6)},
          {"next_family", &programs.next_family()}};
}

// Of this process alone, until the takeover is finished.
std::string FreshPin(const std::string& pin) { return fmt::format("{}_{}", pin, getpid()); }

// A prog array is emptied when nobody in user space holds it any more. Ours is
// pinned before the first hook jumps into it, so that it outlives a daemon that
// dies half-way, and so do those of daemons that did.
absl::Status PinProgArrays(const Programs& programs, const std::string& directory) {
  for (const auto& [name, array] : ProgArrays(programs)) {
    const std::string pin = FreshPin(directory + "/" + name);
    unlink(pin.c_str());
    if (bpf_obj_pin(array->fd(), pin.c_str()) != 0) {
      return ErrnoStatus(errno, "pin " + pin);
    }
  }
  return absl::OkStatus();
}

// Pods do not need it: a node without cgroup v2 works, but for its own processes.
void ServeOwnProcesses(const Options& options, const MapSet& maps, const Programs& programs) {
  absl::StatusOr<std::string> cgroup = options.cgroup;
  if (options.cgroup.empty()) cgroup = attach::FindCgroupRoot();
  absl::Status status = cgroup.status();
  if (status.ok()) {
    status = attach::AttachSocketHooks(maps, programs, *cgroup, options.socket_links_dir());
  }
  if (status.ok()) return;
  LogError("processes of this node do not reach services: {}", std::string(status.message()));
}

template <typename Abi>
absl::StatusOr<std::optional<Endpoint>> FindNamed(const FamilyTables<Abi>& tables, uint64_t cookie,
                                                  const Endpoint& peer) {
  typename Abi::SocketPeerKey key{};
  key.cookie = cookie;
  key.address = ToAbi<typename Abi::Ip>(peer.address);
  key.port = htons(peer.port);
  FL_ASSIGN_OR_RETURN(const auto named, tables.socket_peers.Find(key));
  if (!named.has_value()) return std::optional<Endpoint>();
  return std::optional<Endpoint>({FromAbi(named->address), ntohs(named->port)});
}

void SetTimeouts(const FlowTimeouts& timeouts, HookOptions& hooks) {
  hooks.timeout_seconds[TIMEOUT_TCP_ESTABLISHED] = timeouts.tcp_established;
  hooks.timeout_seconds[TIMEOUT_TCP_HALF_CLOSED] = timeouts.tcp_half_closed;
  hooks.timeout_seconds[TIMEOUT_OTHER_FIRST] = timeouts.other_first;
  hooks.timeout_seconds[TIMEOUT_OTHER_CONVERSATION] = timeouts.other_conversation;
}

// Another proxy's connections that cannot become flows of ours: all of them beside another
// network, otherwise those of the node's own processes, if there is a connection at all.
absl::StatusOr<bool> HasStrangers(const Options& options) {
  if (!options.adopt_kube_proxy || options.has_guests()) return options.adopt_kube_proxy;
  FL_ASSIGN_OR_RETURN(NetlinkSocket netfilter, NetlinkSocket::Open(NETLINK_NETFILTER));
  FL_ASSIGN_OR_RETURN(const auto connections, ListTranslatedConnections(netfilter));
  return !connections.empty();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dataplane>> Dataplane::Create(const Options& options) {
  FL_RETURN_IF_ERROR(EnsureBpfDirectory(options.bpffs));
  std::error_code error;
  std::filesystem::create_directories(options.links_dir(), error);
  if (error) return ErrnoStatus(error.value(), "make directory " + options.links_dir());
  if (const absl::Status status = InheritOtherLayouts(options.bpffs); !status.ok()) {
    LogWarn("take another layout's links over: {}", std::string(status.message()));
  }

  FL_ASSIGN_OR_RETURN(const MapSet maps, MapSet::Create(SizesFor(options.sizes, MemoryOfThisNode()),
                                                        options.pin_dir()));
  FL_ASSIGN_OR_RETURN(Tables tables, maps.Open());
  auto dataplane = std::unique_ptr<Dataplane>(new Dataplane(options.pin_dir(), std::move(tables)));
  HookOptions hooks;
  SetTimeouts(options.timeouts, hooks);
  hooks.guests = options.has_guests();
  FL_ASSIGN_OR_RETURN(hooks.strangers, HasStrangers(options));
  hooks.masquerade = options.masquerade && !options.has_guests();
  if (options.masquerade || options.has_guests()) {
    FL_ASSIGN_OR_RETURN(const plan::PortRange ports, FindMasqueradePorts(options));
    hooks.snat_first_port = ports.first;
    hooks.snat_ports = ports.size();
  }
  FL_ASSIGN_OR_RETURN(hooks.netns_cookie, attach::NetnsCookie());
  if (options.routing.needs_tunnel_device()) hooks.tunnel_port = options.routing.tunnel_port;
  hooks.direct_return = options.routing.direct_return;
  hooks.vni = options.routing.vni;
  hooks.one_buffer = options.xdp == "generic";
  FL_ASSIGN_OR_RETURN(dataplane->programs_, Programs::Load(maps, hooks));
  FL_RETURN_IF_ERROR(PinProgArrays(*dataplane->programs_, options.pin_dir()));
  FL_ASSIGN_OR_RETURN(const attach::Mechanism mechanism,
                      ChooseMechanism(options.attach, *dataplane->programs_));
  dataplane->links_.emplace(options.links_dir(), *dataplane->programs_, mechanism);
  // Who is relayed goes by the tunnel, which XDP has not.
  dataplane->wire_.emplace(options.routing.direct_return ? "off" : options.xdp, options.links_dir(),
                           *dataplane->programs_, dataplane->tables_.wire_exits);
  ServeOwnProcesses(options, maps, *dataplane->programs_);
  FL_ASSIGN_OR_RETURN(dataplane->clock_, FlowClock::Load());
  ForgetObjectPages();
  FL_ASSIGN_OR_RETURN(dataplane->services_, apply::ServiceTables::Adopt(dataplane->tables_));
  FL_ASSIGN_OR_RETURN(dataplane->nodes_, apply::NodeTables::Adopt(dataplane->tables_));
  const hook_config& config = dataplane->programs_->config();
  dataplane->sweep4_.emplace(dataplane->tables_.v4, config);
  dataplane->sweep6_.emplace(dataplane->tables_.v6, config);
  LogInfo("{} maps below {}, programs loaded, attaching by {}", maps.adopted() ? "adopted" : "made",
          options.pin_dir(), mechanism == attach::Mechanism::kTcx ? "tcx" : "clsact");
  return dataplane;
}

absl::StatusOr<uint32_t> Dataplane::OpenRoom() const {
  FL_ASSIGN_OR_RETURN(NetlinkSocket host, NetlinkSocket::Open());
  FL_ASSIGN_OR_RETURN(const uint32_t near_end, OpenReassemblyRoom(host, pin_dir_ + "/links"));
  FL_RETURN_IF_ERROR(links_->Attach(HOOK_FROM_ROOM, near_end));
  return near_end;
}

absl::Status Dataplane::AddPod(const LocalPod& pod) {
  // The table first: from_pod refuses packets of a slot without a tenant.
  FL_RETURN_IF_ERROR(apply::PodTable(tables_).Put(EntryOf(pod)));
  FL_RETURN_IF_ERROR(links_->Attach(HOOK_FROM_POD, pod.ifindex));
  return links_->Attach(HOOK_TO_POD, pod.ifindex);
}

absl::Status Dataplane::RemovePod(const LocalPod& pod) {
  return apply::PodTable(tables_).Remove(pod.slot);
}

absl::Status Dataplane::CheckPod(const LocalPod& pod) {
  FL_RETURN_IF_ERROR(apply::PodTable(tables_).Check(EntryOf(pod)));
  FL_RETURN_IF_ERROR(links_->Check(HOOK_FROM_POD, pod.ifindex, pod.host_device));
  return links_->Check(HOOK_TO_POD, pod.ifindex, pod.host_device);
}

absl::Status Dataplane::CheckNode() {
  return limits_.empty() ? absl::OkStatus() : absl::FailedPreconditionError(limits_);
}

absl::Status Dataplane::SetMtu(const LocalPod& pod) {
  return apply::PodTable(tables_).Put(EntryOf(pod));
}

void Dataplane::ForgetDevice(const LocalPod& pod) {
  for (const hook hook_id : {HOOK_FROM_POD, HOOK_TO_POD}) {
    const absl::Status status = attach::Detach(pin_dir_ + "/links", {hook_id, pod.ifindex});
    if (!status.ok()) LogWarn("device={}: {}", pod.host_device, std::string(status.message()));
  }
}

absl::Status Dataplane::KeepPods(const std::vector<LocalPod>& pods) {
  std::set<uint32_t> slots;
  std::set<uint32_t> devices;
  for (const LocalPod& pod : pods) {
    // Its device may go while we start: then its DEL is on the way.
    if (absl::Status status = AddPod(pod); !status.ok()) {
      LogWarn("pod={}/{}: {}", pod.name_space, pod.name, std::string(status.message()));
    }
    slots.insert(pod.slot);
    devices.insert(pod.ifindex);
  }
  apply::PodTable table(tables_);
  for (const uint32_t slot : table.slots()) {
    if (!slots.contains(slot)) FL_RETURN_IF_ERROR(table.Remove(slot));
  }
  FL_ASSIGN_OR_RETURN(const auto attached, attach::ListHooks(pin_dir_ + "/links"));
  for (const attach::HookOnDevice& where : attached) {
    if (IsPodHook(where.hook_id) && !devices.contains(where.ifindex)) {
      FL_RETURN_IF_ERROR(attach::Detach(pin_dir_ + "/links", where));
    }
  }
  return absl::OkStatus();
}

// Those that have come since the last look; after a restart all.
absl::Status Dataplane::AttachGuests(const std::set<uint32_t>& devices) {
  absl::Status first;
  std::erase_if(guests_, [&devices](uint32_t known) { return !devices.contains(known); });
  for (const uint32_t device : devices) {
    if (guests_.contains(device)) continue;
    absl::Status status = links_->Attach(HOOK_FROM_GUEST, device);
    if (status.ok()) status = links_->Attach(HOOK_TO_GUEST, device);
    if (status.ok()) guests_.insert(device);
    // Gone meanwhile: its pod was short-lived.
    if (!absl::IsNotFound(status)) first.Update(status);
  }
  return first;
}

absl::Status Dataplane::ApplyNodes(const apply::NodeFacts& facts, apply::Unasked unasked,
                                   const std::set<uint32_t>& guests) {
  limits_ = facts.uplinks.empty() ? "the node has no uplink: pods reach this node only" : "";
  absl::Status status = nodes_.Apply(facts, unasked);
  if (!status.ok()) limits_ = std::string(status.message());
  status.Update(services_.KeepPrefixes());
  room& room = tables_.reassembly_room[0];
  room.ifindex = room_.Keep(RoomKeeper::Time::clock::now());
  room.uplink = facts.uplinks.empty() ? 0 : facts.uplinks.front().ifindex;
  std::set<uint32_t> devices = {room.ifindex};
  for (const apply::Uplink& uplink : facts.uplinks) {
    FL_RETURN_IF_ERROR(links_->Attach(HOOK_FROM_NETWORK, uplink.ifindex));
    FL_RETURN_IF_ERROR(links_->Attach(HOOK_TO_NETWORK, uplink.ifindex));
    devices.insert(uplink.ifindex);
  }
  if (const absl::Status wire = wire_->Follow(facts.uplinks); !wire.ok()) {
    LogWarn("uplinks at XDP: {}", std::string(wire.message()));
  }
  if (facts.tunnel_ifindex != 0) {
    FL_RETURN_IF_ERROR(links_->Attach(HOOK_FROM_OVERLAY, facts.tunnel_ifindex));
    FL_RETURN_IF_ERROR(links_->Attach(HOOK_TO_OVERLAY, facts.tunnel_ifindex));
    devices.insert(facts.tunnel_ifindex);
  }
  FL_RETURN_IF_ERROR(AttachGuests(guests));
  if (unasked == apply::Unasked::kKeep) return status;
  FL_ASSIGN_OR_RETURN(const auto attached, attach::ListHooks(pin_dir_ + "/links"));
  for (const attach::HookOnDevice& where : attached) {
    const std::set<uint32_t>& wanted = IsGuestHook(where.hook_id) ? guests : devices;
    if (!IsPodHook(where.hook_id) && !wanted.contains(where.ifindex)) {
      FL_RETURN_IF_ERROR(attach::Detach(pin_dir_ + "/links", where));
    }
  }
  return status;
}

absl::StatusOr<std::vector<std::string>> Dataplane::RepairHooks(uint32_t ifindex) {
  std::vector<std::string> repaired;
  std::pair<hook, hook> hooks = {HOOK_FROM_NETWORK, HOOK_TO_NETWORK};
  if (IsPodIfindex(ifindex)) hooks = {HOOK_FROM_POD, HOOK_TO_POD};
  if (guests_.contains(ifindex)) hooks = {HOOK_FROM_GUEST, HOOK_TO_GUEST};
  for (const hook hook_id : {hooks.first, hooks.second}) {
    const absl::StatusOr<bool> attached = links_->IsAttached(hook_id, ifindex);
    if (attached.ok() && *attached) continue;
    const absl::Status status = links_->Attach(hook_id, ifindex);
    if (absl::IsNotFound(status)) return repaired;
    FL_RETURN_IF_ERROR(status);
    repaired.emplace_back(HookName(hook_id));
  }
  return repaired;
}

absl::Status Dataplane::FinishTakeover() {
  for (const auto& [name, array] : ProgArrays(*programs_)) {
    const std::string pin = pin_dir_ + "/" + name;
    if (std::rename(FreshPin(pin).c_str(), pin.c_str()) != 0) {
      return ErrnoStatus(errno, "rename " + FreshPin(pin));
    }
    // Of daemons that died before they came here: no hook jumps there any more.
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(pin_dir_, error)) {
      const std::string other = entry.path().filename().string();
      if (other.starts_with(name) && other != name) unlink(entry.path().c_str());
    }
  }
  const std::string bpffs = std::filesystem::path(pin_dir_).parent_path();
  if (const absl::Status status = RemoveOtherLayouts(bpffs); !status.ok()) {
    LogWarn("remove what another version has left: {}", std::string(status.message()));
  }
  return clock_.Pin(pin_dir_ + "/read_clock");
}

absl::StatusOr<apply::ImportReport> Dataplane::ImportFlows(
    const std::vector<plan::LiveFlow>& flows) {
  FL_ASSIGN_OR_RETURN(const uint32_t now, clock_.Now());
  return apply::ImportFlows(tables_, flows, now);
}

absl::StatusOr<std::optional<Endpoint>> Dataplane::NamedPeer(uint64_t cookie,
                                                             const Endpoint& peer) const {
  return peer.address.family() == Family::kIpv4 ? FindNamed(tables_.v4, cookie, peer)
                                                : FindNamed(tables_.v6, cookie, peer);
}

absl::Status Dataplane::SweepFlows() {
  FL_ASSIGN_OR_RETURN(const uint32_t now, clock_.Now());
  const absl::Status status = sweep4_->Step(now, tables_.v4.flows.size() / kSweepParts).status();
  FL_RETURN_IF_ERROR(sweep6_->Step(now, tables_.v6.flows.size() / kSweepParts).status());
  return status;
}

}  // namespace fairlead
