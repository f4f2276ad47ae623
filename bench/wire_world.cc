// SPDX-License-Identifier: Apache-2.0
#include "bench/wire_world.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/neighbour.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "bench/world.h"
#include "loader/netlink/addresses.h"
#include "loader/netlink/links.h"
#include "loader/netlink/neighbours.h"
#include "loader/netlink/sysctls.h"
#include "maps/counter/verdict_counters.h"

namespace fairlead::bench {
namespace {

constexpr Family kFamilies[] = {Family::kIpv4, Family::kIpv6};
constexpr uint16_t kFirstNodePort = 30080;
constexpr uint16_t kFirstBackendPort = 8000;
constexpr uint32_t kOtherNode = 1;  // slot in nodes
constexpr uint32_t kBatch = 1024;
constexpr uint32_t kTries = 5;
constexpr MacAddress kOtherMac = {0x02, 0, 0, 0, 1, 2};

IpAddress Address(Family family, const char* ip4, const char* ip6) {
  return *IpAddress::Parse(family == Family::kIpv4 ? ip4 : ip6);
}
IpAddress NodeIp(Family family) { return Address(family, "10.0.0.1", "fd00:10::1"); }
IpAddress OtherNodeIp(Family family) { return Address(family, "10.0.0.2", "fd00:10::2"); }
IpAddress Backend(Family family) { return Address(family, "10.244.2.2", "fd00:244:2::2"); }
IpAddress Client(Family family) { return Address(family, "198.51.100.1", "2001:db8::1"); }

template <typename Abi>
uint32_t Count(const FamilyTables<Abi>& tables) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < tables.flows.size(); ++i)
    count += tables.flows[i].side[0].last_seen != 0;
  return count;
}

// As the backends' answers would, which nobody sends here.
template <typename Abi>
void Answer(FamilyTables<Abi>& tables) {
  auto half_open = tables.half_open.Map().value();
  for (uint32_t i = 0; i < half_open.size(); ++i) {
    for (auto& entry : half_open[i].way) {
      if ((entry.flags & HALF_OPEN_REPLY) == 0) entry.flags |= HALF_OPEN_REPLIED;
    }
  }
}

// What first packets of another case have left would be gone on with: some of it by a source port
// that another flow has got meanwhile.
template <typename Abi>
void ForgetHalfOpen(FamilyTables<Abi>& tables) {
  auto half_open = tables.half_open.Map().value();
  for (uint32_t i = 0; i < half_open.size(); ++i) {
    for (auto& entry : half_open[i].way) entry.stamp = STAMP_EMPTY;
  }
}

}  // namespace

absl::StatusOr<WireWorld> WireWorld::Make() {
  WireWorld world;
  FL_RETURN_IF_ERROR(world.LayWire());
  // More than the flows that are measured: one that is lost on its way to being one keeps its room.
  FL_ASSIGN_OR_RETURN(world.maps_, MapSet::Create(MapSizes{.flows = 266240}, /*pin_directory=*/""));
  FL_ASSIGN_OR_RETURN(world.tables_, world.maps_->Open());
  FL_RETURN_IF_ERROR(world.Populate<Abi4>());
  FL_RETURN_IF_ERROR(world.Populate<Abi6>());
  FL_RETURN_IF_ERROR(world.Attach());
  FL_ASSIGN_OR_RETURN(world.packets4_, FreshPackets::Load(Family::kIpv4, Layer::kXdp));
  FL_ASSIGN_OR_RETURN(world.packets6_, FreshPackets::Load(Family::kIpv6, Layer::kXdp));
  return world;
}

absl::Status WireWorld::LayWire() {
  FL_ASSIGN_OR_RETURN(NetlinkSocket netlink, NetlinkSocket::Open());
  FL_RETURN_IF_ERROR(WriteSysctl("net.ipv4.ip_forward", "1"));
  FL_RETURN_IF_ERROR(WriteSysctl("net.ipv6.conf.all.forwarding", "1"));
  FL_RETURN_IF_ERROR(WriteSysctl("net.ipv6.conf.default.forwarding", "1"));
  VethPair pair;
  pair.host_name = "uplink";
  pair.host_mac = {0x02, 0, 0, 0, 1, 1};
  pair.peer_name = "wire";
  pair.peer_mac = kOtherMac;
  FL_RETURN_IF_ERROR(CreateVeth(netlink, pair));
  for (const char* name : {"uplink", "wire"}) {
    FL_ASSIGN_OR_RETURN(const std::optional<Link> end, FindLink(netlink, std::string(name)));
    FL_RETURN_IF_ERROR(SetNoIpv6LinkLocal(netlink, end->index));
    FL_RETURN_IF_ERROR(SetLinkUp(netlink, end->index));
    if (uplink_ == 0) uplink_ = end->index;
  }
  for (const Family family : kFamilies) {
    const int bits = family == Family::kIpv4 ? 24 : 64;
    FL_RETURN_IF_ERROR(AddAddress(netlink, uplink_, NodeIp(family), bits));
    FL_RETURN_IF_ERROR(
        PutNeighbour(netlink, uplink_, OtherNodeIp(family), kOtherMac, NUD_PERMANENT));
  }
  return absl::OkStatus();
}

// The kernel runs XDP programs by hand only on a device that has one.
absl::Status WireWorld::Attach() {
  HookOptions options;
  options.neighbour_ticks = 0;  // what TC is left is not measured
  FL_ASSIGN_OR_RETURN(programs_, Programs::Prepare(*maps_, options));
  for (const Family family : kFamilies) {
    FL_RETURN_IF_ERROR(programs_->EnsureLoaded(HOOK_FROM_WIRE, family));
  }
  link_ = UniqueFd(bpf_link_create(programs_->fd(HOOK_FROM_WIRE, Family::kIpv4),
                                   static_cast<int>(uplink_), BPF_XDP, nullptr));
  return link_.ok() ? absl::OkStatus() : ErrnoStatus(errno, "attach from_wire");
}

template <typename Abi>
absl::Status WireWorld::Populate() {
  using Ip = typename Abi::Ip;
  constexpr Family kFamily = Abi::kFamily;
  FamilyTables<Abi>& tables = tables_->of<Abi>();
  const Ip own = ToAbi<Ip>(NodeIp(kFamily));
  node& other = tables_->nodes[kOtherNode];
  other.ifindex = uplink_;
  other.generation = 1;
  other.way = NODE_NATIVE;
  other.mtu = 1500;
  other.next_hop4 = ToAbi<ip4>(OtherNodeIp(Family::kIpv4));
  other.next_hop6 = ToAbi<ip6>(OtherNodeIp(Family::kIpv6));
  FL_RETURN_IF_ERROR(tables_->wire_exits.Put(uplink_, uplink_));
  tables.node_state[0].address = own;
  tables.node_state[0].smallest_mtu = 1500;

  typename Abi::PrefixKey prefix{};
  prefix.length = 8 * sizeof(Ip);
  prefix.address = own;
  FL_RETURN_IF_ERROR(tables.prefixes.Put(prefix, {.kind = PREFIX_HOST, .node = 0}));
  prefix.address = ToAbi<Ip>(Backend(kFamily));
  FL_RETURN_IF_ERROR(tables.prefixes.Put(prefix, {.kind = PREFIX_PEER_PODS, .node = kOtherNode}));
  for (uint16_t i = 0; i < kServices; ++i) {
    const auto port = static_cast<uint16_t>(kFirstNodePort + i);
    auto& backend = tables.backends[i];
    backend.address = ToAbi<Ip>(Backend(kFamily));
    backend.port = htons(static_cast<uint16_t>(kFirstBackendPort + i));
    backend.generation = 1;
    backend.service = i;
    backend.state = BACKEND_LIVE | BACKEND_IN_CLUSTER;
    tables.runs[i] = i;
    tables.service_ports[SERVICE_PORT_WORD(SERVICE_PORT_TCP, port)] |= SERVICE_PORT_BIT(port);
    typename Abi::ServiceKey key{};
    key.vip = own;
    key.port = htons(port);
    key.protocol = IPPROTO_TCP;
    FL_RETURN_IF_ERROR(tables.services.Put(key, {.id = i,
                                                 .flags = SERVICE_ON_HOST,
                                                 .first = i,
                                                 .count = 1,
                                                 .outside_first = i,
                                                 .outside_count = 1,
                                                 .affinity = 0,
                                                 .kind = SERVICE_NODE_PORT}));
  }
  return absl::OkStatus();
}

Stream WireWorld::ToNodePort(Family family, Segment segment) const {
  Stream stream;
  stream.frame = MakeFrame({kOtherMac, Client(family), NodeIp(family)}, segment);
  stream.ifindex = uplink_;
  // Services in turn: each has as many source ports as there are for one backend.
  stream.source = {.base = 10000, .low_mask = (1 << FRESH_LOW_BITS) - 1, .high_mask = 63, .pad = 0};
  stream.destination = {
      .base = kFirstNodePort, .low_mask = kServices - 1, .high_mask = 0, .pad = 0};
  return stream;
}

FreshPackets& WireWorld::packets(Family family) {
  return family == Family::kIpv4 ? *packets4_ : *packets6_;
}

absl::StatusOr<uint64_t> WireWorld::Counted(Family family, uint32_t reason) const {
  FL_ASSIGN_OR_RETURN(const VerdictCount count,
                      ReadVerdictCount(*tables_, HOOK_FROM_WIRE, family, reason));
  return count.packets;
}

absl::StatusOr<double> WireWorld::SendAll(Family family, const Stream& stream, Flows flows,
                                          uint32_t count) {
  FL_ASSIGN_OR_RETURN(const uint64_t before, Counted(family, VERDICT_TO_NODE));
  FL_ASSIGN_OR_RETURN(const uint64_t left, Counted(family, VERDICT_TO_TC));
  // What is measured is what is attached: IPv6 comes by way of IPv4's program.
  FL_ASSIGN_OR_RETURN(
      const double ns,
      packets(family).Run(programs_->fd(HOOK_FROM_WIRE, Family::kIpv4), stream, flows, count));
  FL_ASSIGN_OR_RETURN(const uint64_t after, Counted(family, VERDICT_TO_NODE));
  FL_ASSIGN_OR_RETURN(const uint64_t more_left, Counted(family, VERDICT_TO_TC));
  // A tick now and then is TC's.
  if (after - before + more_left - left == count && more_left - left <= count / 4) return ns;
  return absl::FailedPreconditionError(
      fmt::format("of {} packets {} went to the other node, {} to TC", count, after - before,
                  more_left - left));
}

absl::StatusOr<double> WireWorld::SendNowhere(Family family, const Stream& stream, Flows flows,
                                              uint32_t count) {
  return packets(family).RunEmpty(stream, flows, count);
}

absl::Status WireWorld::Establish(Family family, uint32_t flows) {
  const Stream syn = ToNodePort(family, Segment::kSyn), ack = ToNodePort(family, Segment::kAck);
  family == Family::kIpv4 ? ForgetHalfOpen<Abi4>(tables_->v4) : ForgetHalfOpen<Abi6>(tables_->v6);
  uint32_t established = 0;
  for (uint32_t first = 0; first < flows; first += kBatch) {
    const uint32_t batch = std::min(kBatch, flows - first);
    // A tick that was TC's, or a full bucket, has lost some: once more.
    for (uint32_t i = 0; i < kTries && established < first + batch; ++i) {
      FL_RETURN_IF_ERROR(
          packets(family)
              .Run(programs_->fd(HOOK_FROM_WIRE, Family::kIpv4), syn, From(first), batch)
              .status());
      family == Family::kIpv4 ? Answer<Abi4>(tables_->v4) : Answer<Abi6>(tables_->v6);
      FL_RETURN_IF_ERROR(
          packets(family)
              .Run(programs_->fd(HOOK_FROM_WIRE, Family::kIpv4), ack, From(first), batch)
              .status());
      established = family == Family::kIpv4 ? Count<Abi4>(tables_->v4) : Count<Abi6>(tables_->v6);
    }
  }
  if (established == flows) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{} of {} connections became flows", established, flows));
}

}  // namespace fairlead::bench
