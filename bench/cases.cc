// SPDX-License-Identifier: Apache-2.0
#include "bench/cases.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"
#include "bench/wire_world.h"

namespace fairlead::bench {
namespace {

// So few that no bucket of the half-open table overflows (16384 of four each).
constexpr uint32_t kBatch = 1024;
constexpr uint32_t kBatchesPerRound = 8;
// Packets of a round: a few milliseconds, so that some rounds meet no neighbour.
constexpr uint32_t kRoundPackets = 65536;
constexpr uint32_t kNewPerRound = 16384;
// Then the table of flows is emptied, when it is half full at most.
constexpr uint32_t kRoundsPerTable = 16;
constexpr uint32_t kTries = 5;
constexpr char kYardstick[] = "yardstick_hash_lookup";

// One measurement of `run` with the empty program right before and after.
absl::StatusOr<Sample> Measure(World& world, Family family, const Stream& stream, Flows flows,
                               uint32_t count, const std::function<absl::StatusOr<double>()>& run) {
  Sample sample;
  FL_ASSIGN_OR_RETURN(const double before, world.SendNowhere(family, stream, flows, count));
  FL_ASSIGN_OR_RETURN(sample.ns, run());
  FL_ASSIGN_OR_RETURN(const double after, world.SendNowhere(family, stream, flows, count));
  sample.empty_ns = (before + after) / 2;
  return sample;
}

// Handshakes for the first `count` flows, in batches. What a bucket lost all the
// same is tried again: a SYN of a known flow does no harm.
absl::Status Establish(World& world, Family family, const Stream& syn, const Stream& syn_ack,
                       uint32_t count) {
  FL_RETURN_IF_ERROR(world.ForgetFlows(family));
  world.ForgetHalfOpen(family);
  for (uint32_t first = 0; first < count; first += kBatch) {
    const uint32_t batch = std::min(kBatch, count - first);
    uint32_t answered = 0;
    for (uint32_t i = 0; i < kTries && answered != batch; ++i) {
      FL_RETURN_IF_ERROR(world.SendAll(family, syn, From(first), batch).status());
      FL_ASSIGN_OR_RETURN(const auto sent, world.Send(family, syn_ack, From(first), batch));
      answered = sent.delivered;
    }
  }
  const uint32_t established = world.CountFlows(family);
  if (established == count) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{} of {} handshakes made a flow", established, count));
}

struct Conversation {
  Stream syn, syn_ack, forward, back;
  Stream forwarded, returned;  // what the packets shall leave as
};

Conversation WithService(const World& world, Family family) {
  return {world.ToService(family, Segment::kSyn),
          world.FromBackend(family, Segment::kSynAck),
          world.ToService(family, Segment::kAck),
          world.FromBackend(family, Segment::kAck),
          Reversed(world.FromBackend(family, Segment::kAck), family),
          Reversed(world.ToService(family, Segment::kAck), family)};
}

Conversation WithPod(const World& world, Family family) {
  const Stream forward = world.ToPod(family, Segment::kAck);
  const Stream back = world.FromPod(family, Segment::kAck);
  return {world.ToPod(family, Segment::kSyn),
          world.FromPod(family, Segment::kSynAck),
          forward,
          back,
          forward,
          back};
}

absl::Status MeasureKnown(World& world, Family family, const std::string& name, uint32_t flows,
                          uint32_t rounds, const Stream& stream,
                          const std::function<void(const Result&)>& tell) {
  const uint32_t count = std::max(flows, kRoundPackets);
  std::vector<Sample> samples;
  for (uint32_t round = 0; round < rounds; ++round) {
    FL_ASSIGN_OR_RETURN(const Sample sample,
                        Measure(world, family, stream, RoundRobin(flows), count, [&] {
                          return world.SendAll(family, stream, RoundRobin(flows), count);
                        }));
    samples.push_back(sample);
  }
  tell(Summarize(name, family, flows, samples));
  return absl::OkStatus();
}

// Both directions of the same flows.
absl::Status RunKnown(World& world, Family family, const Conversation& with, uint32_t flows,
                      uint32_t rounds, const std::string& forward_name,
                      const std::string& back_name,
                      const std::function<void(const Result&)>& tell) {
  FL_RETURN_IF_ERROR(Establish(world, family, with.syn, with.syn_ack, flows));
  // The first packet of a side looks its exit up; that is not measured.
  FL_RETURN_IF_ERROR(world.SendAll(family, with.forward, RoundRobin(flows), flows).status());
  FL_RETURN_IF_ERROR(world.SendAll(family, with.back, RoundRobin(flows), flows).status());
  for (const uint32_t flow : {0U, flows / 2, flows - 1}) {
    FL_RETURN_IF_ERROR(world.Expect(family, with.forward, with.forwarded, flow));
    FL_RETURN_IF_ERROR(world.Expect(family, with.back, with.returned, flow));
  }
  if (!forward_name.empty()) {
    FL_RETURN_IF_ERROR(
        MeasureKnown(world, family, forward_name, flows, rounds, with.forward, tell));
  }
  if (!back_name.empty()) {
    FL_RETURN_IF_ERROR(MeasureKnown(world, family, back_name, flows, rounds, with.back, tell));
  }
  if (world.CountFlows(family) == flows) return absl::OkStatus();
  return absl::FailedPreconditionError("flows came or went while they were measured");
}

absl::Status RunNew(World& world, Family family, const std::string& name, uint32_t rounds,
                    const Stream& syn, const std::function<void(const Result&)>& tell) {
  FL_RETURN_IF_ERROR(world.ForgetFlows(family));
  world.ForgetHalfOpen(family);
  std::vector<Sample> samples;
  for (uint32_t round = 0; round < rounds; ++round) {
    // After kMostFlows, nothing is left of the first ones: the table holds 32768.
    const Flows flows = From(round * kNewPerRound % kMostFlows);
    FL_ASSIGN_OR_RETURN(const Sample sample, Measure(world, family, syn, flows, kNewPerRound, [&] {
                          return world.SendAll(family, syn, flows, kNewPerRound);
                        }));
    samples.push_back(sample);
  }
  // Two entries each, less what full buckets have lost.
  if (world.CountHalfOpen(family) < kNewPerRound) {
    return absl::FailedPreconditionError(name + ": first packets were not remembered");
  }
  tell(Summarize(name, family, kNewPerRound, samples));
  return absl::OkStatus();
}

// The same lookup on every machine: scales figures that were measured elsewhere.
absl::Status RunYardstick(World& world, Family family, const std::string& name, const Plan& plan,
                          const std::function<void(const Result&)>& tell) {
  for (const uint32_t flows : plan.flows) {
    const uint32_t count = std::max(flows, kRoundPackets);
    FL_RETURN_IF_ERROR(world.PrepareYardstick(family, flows));
    std::vector<Sample> samples;
    for (uint32_t round = 0; round < plan.rounds; ++round) {
      FL_ASSIGN_OR_RETURN(
          const Sample sample,
          Measure(world, family, world.ToPod(family, Segment::kAck), RoundRobin(flows), count,
                  [&] { return world.RunYardstick(family, flows, count); }));
      samples.push_back(sample);
    }
    tell(Summarize(name, family, flows, samples));
  }
  return absl::OkStatus();
}

// First replies, to requests sent just before. `request_counts`: the price is
// that of the exchange, not of the reply alone.
struct Exchange {
  Stream request, reply;
  bool promotes, request_counts;
};

// A round of RunReplies: batches of never-seen flows from `first` on, which
// advances. Now and then a bucket overflows and a reply is refused; such a batch
// is not counted. Adds to `flows` how many were answered; nanoseconds per flow.
absl::StatusOr<double> SendExchanges(World& world, Family family, const Exchange& exchange,
                                     uint32_t& first, uint32_t& flows) {
  double sum = 0;
  uint32_t lost_batches = 0;
  for (uint32_t batch = 0; batch < kBatchesPerRound;) {
    const Flows fresh = From(first % kMostFlows);
    FL_ASSIGN_OR_RETURN(const double request,
                        world.SendAll(family, exchange.request, fresh, kBatch));
    FL_ASSIGN_OR_RETURN(const World::Sent reply, world.Send(family, exchange.reply, fresh, kBatch));
    first += kBatch;
    flows += reply.delivered;
    if (reply.delivered == kBatch) {
      sum += reply.ns + (exchange.request_counts ? request : 0);
      ++batch;
    } else if (reply.delivered < kBatch * 9 / 10 || ++lost_batches > kTries) {
      return absl::FailedPreconditionError(
          fmt::format("only {} of {} replies were delivered", reply.delivered, kBatch));
    }
  }
  return sum / kBatchesPerRound;
}

absl::Status RunReplies(World& world, Family family, const std::string& name, uint32_t rounds,
                        const Exchange& exchange, const std::function<void(const Result&)>& tell) {
  std::vector<Sample> samples;
  uint32_t first = 0;
  uint32_t flows = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    if (round % kRoundsPerTable == 0) {
      FL_RETURN_IF_ERROR(world.ForgetFlows(family));
      flows = 0;
    }
    world.ForgetHalfOpen(family);
    FL_ASSIGN_OR_RETURN(Sample sample,
                        Measure(world, family, exchange.reply, From(0), kRoundPackets, [&] {
                          return SendExchanges(world, family, exchange, first, flows);
                        }));
    if (exchange.request_counts) sample.empty_ns *= 2;
    samples.push_back(sample);
    const uint32_t made = world.CountFlows(family);
    if (made != (exchange.promotes ? flows : 0)) {
      return absl::FailedPreconditionError(
          fmt::format("{}: {} flows after {} replies", name, made, flows));
    }
  }
  tell(Summarize(name, family, kBatch * kBatchesPerRound, samples));
  return absl::OkStatus();
}

constexpr char kWireKnown[] = "xdp_nodeport_remote";
constexpr char kWireNew[] = "xdp_new_nodeport_remote";

absl::StatusOr<Sample> MeasureWire(WireWorld& world, Family family, const Stream& stream,
                                   Flows flows, uint32_t count) {
  Sample sample;
  FL_ASSIGN_OR_RETURN(const double before, world.SendNowhere(family, stream, flows, count));
  FL_ASSIGN_OR_RETURN(sample.ns, world.SendAll(family, stream, flows, count));
  FL_ASSIGN_OR_RETURN(const double after, world.SendNowhere(family, stream, flows, count));
  sample.empty_ns = (before + after) / 2;
  return sample;
}

// First packets before any flow is there, then known ones.
absl::Status RunWire(WireWorld& world, Family family, const Plan& plan,
                     const std::function<void(const Result&)>& tell) {
  const auto is_wanted = [&](const char* name) {
    return plan.names.empty() || plan.names.contains(name);
  };
  const Stream syn = world.ToNodePort(family, Segment::kSyn);
  const Stream ack = world.ToNodePort(family, Segment::kAck);
  std::vector<Sample> samples;
  for (uint32_t round = 0; is_wanted(kWireNew) && round < plan.rounds; ++round) {
    FL_ASSIGN_OR_RETURN(
        const Sample sample,
        MeasureWire(world, family, syn, From(round * kNewPerRound % kMostFlows), kNewPerRound));
    samples.push_back(sample);
  }
  if (!samples.empty()) tell(Summarize(kWireNew, family, kNewPerRound, samples));
  for (const uint32_t flows : plan.flows) {
    if (!is_wanted(kWireKnown)) continue;
    FL_RETURN_IF_ERROR(world.Establish(family, flows));
    const uint32_t count = std::max(flows, kRoundPackets);
    samples.clear();
    for (uint32_t round = 0; round < plan.rounds; ++round) {
      FL_ASSIGN_OR_RETURN(const Sample sample,
                          MeasureWire(world, family, ack, RoundRobin(flows), count));
      samples.push_back(sample);
    }
    tell(Summarize(kWireKnown, family, flows, samples));
  }
  return absl::OkStatus();
}

absl::Status RunFamily(World& world, Family family, const Plan& plan,
                       const std::function<void(const Result&)>& tell) {
  const auto wanted = [&](const char* name) {
    return plan.names.empty() || plan.names.contains(name) ? std::string(name) : std::string();
  };
  for (const uint32_t flows : plan.flows) {
    const std::string forward = wanted("established_clusterip");
    const std::string back = wanted("reply_clusterip");
    if (!forward.empty() || !back.empty()) {
      FL_RETURN_IF_ERROR(RunKnown(world, family, WithService(world, family), flows, plan.rounds,
                                  forward, back, tell));
    }
    if (const std::string name = wanted("established_pod"); !name.empty()) {
      FL_RETURN_IF_ERROR(
          RunKnown(world, family, WithPod(world, family), flows, plan.rounds, name, "", tell));
    }
  }
  const std::pair<const char*, Stream> first_packets[] = {
      {"new_clusterip", world.ToService(family, Segment::kSyn)},
      {"new_clusterip_options", world.ToService(family, Segment::kSynWithOptions)},
      {"new_clusterip_maglev", world.ToService(family, Segment::kSyn, Choice::kMaglev)},
      {"new_clusterip_least", world.ToService(family, Segment::kSyn, Choice::kLeastConnections)},
      {"new_clusterip_affinity", world.ToService(family, Segment::kSyn, Choice::kAffinity)},
      {"new_pod", world.ToPod(family, Segment::kSyn)}};
  for (const auto& [name, syn] : first_packets) {
    if (wanted(name).empty()) continue;
    FL_RETURN_IF_ERROR(RunNew(world, family, name, plan.rounds, syn, tell));
  }
  const std::pair<const char*, Exchange> exchanges[] = {
      {"promote_clusterip",
       {world.ToService(family, Segment::kSyn), world.FromBackend(family, Segment::kSynAck),
        /*promotes=*/true, /*request_counts=*/false}},
      {"udp_request_reply",
       {world.ToService(family, Segment::kUdp), world.FromBackend(family, Segment::kUdp),
        /*promotes=*/false, /*request_counts=*/true}}};
  for (const auto& [name, exchange] : exchanges) {
    if (wanted(name).empty()) continue;
    FL_RETURN_IF_ERROR(RunReplies(world, family, name, plan.rounds, exchange, tell));
  }
  return absl::OkStatus();
}

}  // namespace

const std::vector<std::string>& CaseNames() {
  static const std::vector<std::string> kNames = {"established_clusterip",
                                                  "reply_clusterip",
                                                  "established_pod",
                                                  "new_clusterip",
                                                  "new_clusterip_options",
                                                  "new_clusterip_maglev",
                                                  "new_clusterip_least",
                                                  "new_clusterip_affinity",
                                                  "new_pod",
                                                  "promote_clusterip",
                                                  "udp_request_reply",
                                                  kWireKnown,
                                                  kWireNew,
                                                  kYardstick};
  return kNames;
}

absl::Status RunCases(World& world, const Plan& plan,
                      const std::function<void(const Result&)>& tell) {
  for (const Family family : plan.families) {
    FL_RETURN_IF_ERROR(RunFamily(world, family, plan, tell));
  }
  if (plan.names.empty() || plan.names.contains(kWireKnown) || plan.names.contains(kWireNew)) {
    FL_ASSIGN_OR_RETURN(WireWorld wire, WireWorld::Make());
    for (const Family family : plan.families) {
      FL_RETURN_IF_ERROR(RunWire(wire, family, plan, tell));
    }
  }
  if (plan.names.empty() || plan.names.contains(kYardstick)) {
    FL_RETURN_IF_ERROR(RunYardstick(world, Family::kIpv4, kYardstick, plan, tell));
  }
  return absl::OkStatus();
}

}  // namespace fairlead::bench
