// SPDX-License-Identifier: Apache-2.0
#include "bench/world.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sched.h>

#include <cerrno>
#include <cstring>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "loader/kernel/prog_run.h"
#include "loader/netlink/links.h"
#include "loader/netlink/netns.h"
#include "maps/conntrack/flow_sweep.h"
#include "maps/counter/verdict_counters.h"

namespace fairlead::bench {
namespace {

constexpr uint32_t kRedirect = 7;  // TC_ACT_REDIRECT
constexpr uint32_t kDay = 24 * 3600;
constexpr uint16_t kLow = (1 << FRESH_LOW_BITS) - 1;

// The end whose port tells flows apart, and the end that gives the service.
constexpr fresh_port kClientPort = {.base = 10000, .low_mask = kLow, .high_mask = 0, .pad = 0};
constexpr fresh_port ServedPort(uint16_t base) {
  return {.base = base, .low_mask = 0, .high_mask = 0xffff, .pad = 0};
}
constexpr uint16_t kServicePort = 80;
constexpr uint16_t kBackendPort = 8000;
constexpr uint16_t kPlainPort = 9000;   // of no service
constexpr uint32_t kRunEntries = 1021;  // of the smallest Maglev table
constexpr uint32_t kAffinitySeconds = 10800;

// The entries of a service's run. Two choices need two.
uint32_t EntriesOf(Choice choice) {
  switch (choice) {
    case Choice::kMaglev:
      return kRunEntries;
    case Choice::kLeastConnections:
      return 2;
    case Choice::kRandom:
    case Choice::kAffinity:
      return 1;
  }
  return 1;
}

uint32_t FlagsOf(Choice choice) {
  if (choice == Choice::kMaglev) return SERVICE_BY_HASH;
  return choice == Choice::kLeastConnections ? SERVICE_LEAST_CONNECTIONS : 0;
}

}  // namespace

uint32_t World::Side::ifindex() const { return FL_POD_IFINDEX_BASE + slot; }

absl::StatusOr<World> World::Make() {
  World world;
  world.client_.slot = 1;
  world.client_.mac = {0x02, 0, 0, 0, 0, 1};
  FL_ASSIGN_OR_RETURN(world.client_.ip4, IpAddress::Parse("10.1.0.1"));
  FL_ASSIGN_OR_RETURN(world.client_.ip6, IpAddress::Parse("fd00:1::1"));
  world.backend_.slot = 2;
  world.backend_.mac = {0x02, 0, 0, 0, 0, 2};
  FL_ASSIGN_OR_RETURN(world.backend_.ip4, IpAddress::Parse("10.1.0.2"));
  FL_ASSIGN_OR_RETURN(world.backend_.ip6, IpAddress::Parse("fd00:1::2"));
  FL_ASSIGN_OR_RETURN(world.vip4_, IpAddress::Parse("10.96.0.10"));
  FL_ASSIGN_OR_RETURN(world.vip6_, IpAddress::Parse("fd00:96::10"));

  FL_ASSIGN_OR_RETURN(world.netns_, MakeNetns());
  if (setns(world.netns_.get(), CLONE_NEWNET) != 0) return ErrnoStatus(errno, "enter a netns");
  FL_ASSIGN_OR_RETURN(NetlinkSocket netlink, NetlinkSocket::Open());
  for (const Side& side : {world.client_, world.backend_}) {
    VethPair pair;
    pair.host_name = fmt::format("host{}", side.slot);
    pair.host_index = side.ifindex();
    pair.host_mac = FL_GATEWAY_MAC;
    pair.peer_name = fmt::format("pod{}", side.slot);
    pair.peer_mac = side.mac;
    FL_RETURN_IF_ERROR(CreateVeth(netlink, pair));
  }

  FL_ASSIGN_OR_RETURN(world.maps_, MapSet::Create(MapSizes{}, /*pin_directory=*/""));
  FL_ASSIGN_OR_RETURN(world.tables_, world.maps_->Open());
  FL_RETURN_IF_ERROR(world.Populate());
  FL_ASSIGN_OR_RETURN(world.programs_, Programs::Load(*world.maps_, HookOptions{}));
  FL_ASSIGN_OR_RETURN(world.clock_, FlowClock::Load());
  FL_ASSIGN_OR_RETURN(world.packets4_, FreshPackets::Load(Family::kIpv4));
  FL_ASSIGN_OR_RETURN(world.packets6_, FreshPackets::Load(Family::kIpv6));
  return world;
}

absl::Status World::Populate() {
  for (const Side& side : {client_, backend_}) {
    pod& entry = tables_->pods[side.slot];
    entry.generation = 1;
    std::memcpy(entry.mac, side.mac.data(), sizeof(entry.mac));
    entry.address4 = ToAbi<ip4>(side.ip4);
    entry.address6 = ToAbi<ip6>(side.ip6);
    entry.ifindex = side.ifindex();
  }
  FL_RETURN_IF_ERROR(PopulateFamily<Abi4>());
  return PopulateFamily<Abi6>();
}

template <typename Abi>
absl::Status World::PopulateFamily() {
  FamilyTables<Abi>& tables = tables_->of<Abi>();
  for (const Side& side : {client_, backend_}) {
    FL_RETURN_IF_ERROR(
        tables.pod_address.Put({ToAbi<typename Abi::Ip>(side.ip(Abi::kFamily))}, {side.slot, 1}));
  }
  for (const Choice choice : kChoices) FL_RETURN_IF_ERROR(PopulateServices<Abi>(choice));
  return absl::OkStatus();
}

// One backend each, in as many entries as the algorithm would have.
template <typename Abi>
absl::Status World::PopulateServices(Choice choice) {
  using Ip = typename Abi::Ip;
  FamilyTables<Abi>& tables = tables_->of<Abi>();
  for (uint16_t i = 0; i < kServices; ++i) {
    const uint32_t id = static_cast<uint32_t>(choice) * kServices + i;
    auto& backend = tables.backends[id];
    backend.address = ToAbi<Ip>(backend_.ip(Abi::kFamily));
    backend.port = htons(static_cast<uint16_t>(kBackendPort + i));
    backend.generation = 1;
    backend.service = id;
    backend.state = BACKEND_LIVE | BACKEND_IN_CLUSTER;
    backend.weight = 1;
    const uint32_t first = id * kRunEntries;
    const uint32_t count = EntriesOf(choice);
    for (uint32_t entry = 0; entry < count; ++entry) tables.runs[first + entry] = id;
    for (const auto& [protocol, kind] :
         {std::pair{IPPROTO_TCP, SERVICE_PORT_TCP}, std::pair{IPPROTO_UDP, SERVICE_PORT_UDP}}) {
      const auto port = static_cast<uint16_t>(kServicePort + i);
      typename Abi::ServiceKey key{};
      key.vip = ToAbi<Ip>(vip(Abi::kFamily, choice));
      key.port = htons(port);
      key.protocol = static_cast<uint8_t>(protocol);
      FL_RETURN_IF_ERROR(
          tables.services.Put(key, {.id = id,
                                    .flags = FlagsOf(choice),
                                    .first = first,
                                    .count = count,
                                    .outside_first = first,
                                    .outside_count = count,
                                    .affinity = choice == Choice::kAffinity ? kAffinitySeconds : 0,
                                    .kind = SERVICE_CLUSTER_IP}));
      tables.service_ports[SERVICE_PORT_WORD(static_cast<uint32_t>(kind), port)] |=
          SERVICE_PORT_BIT(port);
    }
  }
  return absl::OkStatus();
}

Stream World::MakeStream(Family family, const Side& from, const IpAddress& to,
                         Segment segment) const {
  Stream stream;
  stream.frame = MakeFrame({from.mac, from.ip(family), to}, segment);
  stream.ifindex = from.ifindex();
  return stream;
}

Stream World::ToService(Family family, Segment segment, Choice choice) const {
  Stream stream = MakeStream(family, client_, vip(family, choice), segment);
  stream.source = kClientPort;
  stream.destination = ServedPort(kServicePort);
  return stream;
}

Stream World::FromBackend(Family family, Segment segment) const {
  Stream stream = MakeStream(family, backend_, client_.ip(family), segment);
  stream.source = ServedPort(kBackendPort);
  stream.destination = kClientPort;
  return stream;
}

Stream World::ToPod(Family family, Segment segment) const {
  Stream stream = MakeStream(family, client_, backend_.ip(family), segment);
  stream.source = kClientPort;
  stream.destination = ServedPort(kPlainPort);
  return stream;
}

Stream World::FromPod(Family family, Segment segment) const {
  Stream stream = FromBackend(family, segment);
  stream.source = ServedPort(kPlainPort);
  return stream;
}

FreshPackets& World::packets(Family family) {
  return family == Family::kIpv4 ? *packets4_ : *packets6_;
}

absl::StatusOr<uint64_t> World::Counted(Family family, uint32_t reason) const {
  FL_ASSIGN_OR_RETURN(const VerdictCount count,
                      ReadVerdictCount(*tables_, HOOK_FROM_POD, family, reason));
  return count.packets;
}

std::string World::OtherVerdicts(Family family) const {
#define NAME(name, text) {VERDICT_##name, #name},
#define DROP_NAME(name, text) {DROP_##name, #name},
  static const std::pair<uint32_t, const char*> kNames[] = {FL_FORWARD_VERDICTS(NAME)
                                                                FL_DROP_VERDICTS(DROP_NAME)};
#undef NAME
#undef DROP_NAME
  std::string text;
  for (const auto& [reason, name] : kNames) {
    const absl::StatusOr<uint64_t> count = Counted(family, reason);
    if (reason == VERDICT_TO_POD || !count.ok() || *count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, *count);
  }
  return text;
}

absl::StatusOr<World::Sent> World::Send(Family family, const Stream& stream, Flows flows,
                                        uint32_t count) {
  Sent sent;
  FL_ASSIGN_OR_RETURN(const uint64_t before, Counted(family, VERDICT_TO_POD));
  FL_ASSIGN_OR_RETURN(
      sent.ns, packets(family).Run(programs_->fd(HOOK_FROM_POD, family), stream, flows, count));
  FL_ASSIGN_OR_RETURN(const uint64_t after, Counted(family, VERDICT_TO_POD));
  sent.delivered = static_cast<uint32_t>(after - before);
  return sent;
}

absl::StatusOr<double> World::SendAll(Family family, const Stream& stream, Flows flows,
                                      uint32_t count) {
  FL_ASSIGN_OR_RETURN(const Sent sent, Send(family, stream, flows, count));
  if (sent.delivered == count) return sent.ns;
  return absl::FailedPreconditionError(
      fmt::format("only {} of {} packets reached a pod; besides: {}", sent.delivered, count,
                  OtherVerdicts(family)));
}

absl::StatusOr<double> World::SendNowhere(Family family, const Stream& stream, Flows flows,
                                          uint32_t count) {
  return packets(family).RunEmpty(stream, flows, count);
}

absl::Status World::PrepareYardstick(Family family, uint32_t flows) {
  return packets(family).FillYardstick(flows);
}

absl::StatusOr<double> World::RunYardstick(Family family, uint32_t flows, uint32_t count) {
  return packets(family).RunYardstick(ToPod(family, Segment::kAck), flows, count);
}

absl::Status World::Expect(Family family, const Stream& stream, const Stream& expected,
                           uint32_t flow) {
  FL_ASSIGN_OR_RETURN(const ProgOutput output, RunOnce(programs_->fd(HOOK_FROM_POD, family),
                                                       {.frame = PacketOf(stream, family, flow),
                                                        .ifindex = stream.ifindex}));
  if (output.verdict != kRedirect) {
    return absl::FailedPreconditionError(
        fmt::format("verdict {} for flow {}", output.verdict, flow));
  }
  const std::vector<std::byte> wanted = PacketOf(expected, family, flow);
  const size_t hop = kEthernetBytes + (family == Family::kIpv4 ? 8 : 7);
  const size_t addresses = 2 * static_cast<size_t>(AddressBytes(family));
  const size_t from = PortsOffset(family) - addresses;
  if (std::memcmp(&output.frame[from], &wanted[from], addresses + 4) != 0) {
    return absl::FailedPreconditionError(fmt::format("flow {} left with wrong addresses", flow));
  }
  if (output.frame[hop] != std::byte{63}) {
    return absl::FailedPreconditionError(fmt::format("flow {} kept its hop limit", flow));
  }
  return absl::OkStatus();
}

namespace {

template <typename Abi>
uint32_t Count(const FamilyTables<Abi>& tables) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < tables.flows.size(); ++i)
    count += tables.flows[i].side[0].last_seen != 0;
  return count;
}

template <typename Abi>
uint32_t CountWaiting(const FamilyTables<Abi>& tables) {
  uint32_t count = 0;
  const auto half_open = tables.half_open.Map().value();
  for (uint32_t i = 0; i < half_open.size(); ++i) {
    for (const auto& entry : half_open[i].way) count += entry.stamp != STAMP_EMPTY;
  }
  return count;
}

template <typename Abi>
absl::Status Forget(FamilyTables<Abi>& tables, const hook_config& config, uint32_t now) {
  FlowSweep<Abi> sweep(tables, config);
  return sweep.Step(now + 2 * kDay * JiffiesPerSecond(), tables.flows.size()).status();
}

template <typename Abi>
void Empty(FamilyTables<Abi>& tables) {
  auto half_open = tables.half_open.Map().value();
  std::memset(&half_open[0], 0, half_open.size() * sizeof(half_open[0]));
}

}  // namespace

uint32_t World::CountFlows(Family family) const {
  return family == Family::kIpv4 ? Count<Abi4>(tables_->v4) : Count<Abi6>(tables_->v6);
}

uint32_t World::CountHalfOpen(Family family) const {
  return family == Family::kIpv4 ? CountWaiting<Abi4>(tables_->v4)
                                 : CountWaiting<Abi6>(tables_->v6);
}

absl::Status World::ForgetFlows(Family family) {
  FL_ASSIGN_OR_RETURN(const uint32_t now, clock_->Now());
  return family == Family::kIpv4 ? Forget<Abi4>(tables_->v4, programs_->config(), now)
                                 : Forget<Abi6>(tables_->v6, programs_->config(), now);
}

void World::ForgetHalfOpen(Family family) {
  if (family == Family::kIpv4) {
    Empty<Abi4>(tables_->v4);
  } else {
    Empty<Abi6>(tables_->v6);
  }
}

}  // namespace fairlead::bench
