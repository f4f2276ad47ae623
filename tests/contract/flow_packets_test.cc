// SPDX-License-Identifier: Apache-2.0
//
// kube-proxy's own expectations, asked of the programs that ship: the objects of every set in the
// tables of a node, the packets of its flows through from_pod and from_network, and their answers
// back. Processes of the node do not pass there (node_itself_test.cc).
//
// Endpoints are given addresses of pods that the test has. Where kube-proxy masquerades, any source
// is right whose answer comes back as the service's (docs/deviations.md); where it does not, the
// endpoint sees the client. A port that a ClusterIP does not have is refused, as kube-proxy does in
// nftables mode.
#include <algorithm>
#include <map>
#include <memory>

#include "tests/contract/flow_sets.h"
#include "tests/dsl/address_plan.h"
#include "tests/dsl/cluster_objects.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

using contract::Answer;
using contract::Flow;
using contract::FlowSet;

// A node, and who plays the addresses of the set that is on. Nodes of one kind serve many sets.
class Stage {
 public:
  struct Kind {
    Family family;
    std::vector<std::string> node_port_addresses;
    std::vector<IpAddress> node_addresses;
    std::string zone;

    friend auto operator<=>(const Kind&, const Kind&) = default;
  };
  static Kind KindOf(const FlowSet& set, Family family) {
    Kind kind{family, set.node_port_addresses, set.node_addresses, set.zone};
    // Here the primary one is the test's.
    if (kind.node_port_addresses == std::vector<std::string>{"primary"}) {
      const IpAddress& first = set.node_addresses.at(0);
      kind.node_port_addresses = {Cidr::Of(first).ToString()};
    }
    return kind;
  }

  explicit Stage(const Kind& kind) : family_(kind.family), node_(kind.family, OptionsOf(kind)) {}

  void Play(const FlowSet& set) {
    set_ = &set;
    players_.clear();
    used_pods_ = 0;
    pods_there_ = 0;
    kube::ObjectMap<kube::EndpointSlice> slices;
    for (const auto& [name, slice] : set.objects.endpoint_slices()) slices.Put(Cast(*slice));
    kube::ObjectMap<kube::Service> services;
    for (const auto& [name, service] : set.objects.services()) services.Put(Cast(*service));
    node_.SetObjects(services, slices);
  }

  void Expect(const Flow& flow) {
    SCOPED_TRACE(set_->id + ": " + flow.text);
    // Each backend is missed once in e^16 looks.
    const size_t looks = flow.backends.size() > 1 ? 16 * flow.backends.size() : 4;
    std::set<Endpoint> reached;
    for (size_t i = 0; i < looks; ++i) {
      const Packet request =
          Transported(flow.to.protocol, {Sender(flow), ++port_}, {flow.to.vip, flow.to.port}).Syn();
      const Hop hop = Send(flow, request);
      if (flow.answer != Answer::kBackends) return ExpectNone(flow, request, hop);
      reached.insert(hop.Destination());
      if (i == 0) ExpectAnswered(flow, request, hop);
    }
    std::set<Endpoint> expected;
    for (const Endpoint& backend : flow.backends) {
      expected.insert({Player(backend.address), backend.port});
    }
    if (IsAffine()) {
      EXPECT_EQ(reached.size(), 1u);
      EXPECT_TRUE(expected.contains(*reached.begin()));
    } else {
      EXPECT_EQ(reached, expected);
    }
  }

 private:
  static NodeOptions OptionsOf(const Kind& kind) {
    NodeOptions options;
    options.node_port_addresses = kind.node_port_addresses;
    options.more_addresses = kind.node_addresses;
    options.zone = kind.zone;
    return options;
  }

  bool IsAffine() const {
    return std::ranges::any_of(set_->objects.services(), [](const auto& service) {
      return service.second->session_affinity == kube::SessionAffinity::kClientIp;
    });
  }

  std::shared_ptr<const kube::EndpointSlice> Cast(kube::EndpointSlice slice) {
    for (kube::SliceEndpoint& endpoint : slice.endpoints) {
      const bool is_here = endpoint.node_name == set_->node_name;
      if (slice.address_type ==
          (family_ == Family::kIpv4 ? kube::AddressType::kIpv4 : kube::AddressType::kIpv6)) {
        endpoint.address = Cast(endpoint.address, is_here);
      }
      if (is_here) endpoint.node_name = ClusterObjects::kOwnName;
      auto hints = std::make_shared<kube::EndpointHints>(endpoint.hints());
      std::ranges::replace(hints->nodes, set_->node_name, std::string(ClusterObjects::kOwnName));
      endpoint.shared_hints = hints;
    }
    return std::make_shared<kube::EndpointSlice>(std::move(slice));
  }

  // The file's outside is where the test's node has no route.
  std::shared_ptr<const kube::Service> Cast(kube::Service service) {
    for (Cidr& range : service.load_balancer_source_ranges) {
      range = Cidr::Make(Outside(range.address()), range.prefix_length());
    }
    return std::make_shared<kube::Service>(std::move(service));
  }

  IpAddress Cast(const IpAddress& address, bool is_here) {
    const auto known = players_.find(address);
    if (known != players_.end()) return known->second;
    if (std::ranges::find(set_->node_addresses, address) != set_->node_addresses.end()) {
      return address;
    }
    if (!is_here) return players_[address] = peer_.Pod(++pods_there_, 1).address;
    if (used_pods_ == pods_.size()) pods_.push_back(node_.AddPod("endpoint"));
    return players_[address] = pods_[used_pods_++].address;
  }

  IpAddress Player(const IpAddress& address) const {
    const auto known = players_.find(address);
    return known == players_.end() ? address : known->second;
  }
  const Pod* FindPod(const IpAddress& address) const {
    const auto found =
        std::ranges::find_if(pods_, [&](const Pod& pod) { return pod.address == address; });
    return found == pods_.end() ? nullptr : &*found;
  }
  static IpAddress Outside(const IpAddress& address) {
    const Cidr file = *Cidr::Parse("203.0.113.0/24");
    if (address.family() == Family::kIpv6) return WorldAddress(Family::kIpv6, 1);
    for (int host = 0; file.Contains(address) && host < 256; ++host) {
      if (file.address().Plus(static_cast<uint64_t>(host)) == address) {
        return WorldAddress(Family::kIpv4, host);
      }
    }
    return address;
  }

  bool IsOutside(const Flow& flow) const { return flow.from_kind == "external"; }
  const Pod& Asker(const Flow& flow) const {
    const Pod* pod = FindPod(Player(flow.from));
    return pod == nullptr ? client_ : *pod;
  }
  IpAddress Sender(const Flow& flow) const {
    return IsOutside(flow) ? Outside(flow.from) : Asker(flow).address;
  }
  Hop Send(const Flow& flow, const Packet& packet) {
    return IsOutside(flow) ? node_.FromNetwork(packet) : node_.FromPod(Asker(flow), packet);
  }

  static void ExpectNone(const Flow& flow, const Packet& request, const Hop& hop) {
    const std::set<uint32_t> refusals = {DROP_NO_BACKEND, DROP_NO_SUCH_SERVICE_PORT};
    const std::set<uint32_t> silences = {DROP_NO_LOCAL_BACKEND, DROP_SOURCE_NOT_ALLOWED};
    switch (flow.answer) {
      case Answer::kReject:
        EXPECT_TRUE(refusals.contains(hop.reason)) << hop.reason;
        break;
      case Answer::kDrop:
        EXPECT_TRUE(silences.contains(hop.reason)) << hop.reason;
        break;
      default:
        if (hop.reason == DROP_NO_SUCH_SERVICE_PORT) return;
        EXPECT_EQ(hop.Destination(), request.destination());
        break;
    }
  }

  void ExpectAnswered(const Flow& flow, const Packet& request, const Hop& hop) {
    if (!flow.masquerade) {
      EXPECT_EQ(hop.Source(), request.source());
    }
    const Packet reply = request.From(hop.Source()).To(hop.Destination()).Reply().SynAck();
    const Pod* backend = FindPod(hop.Destination().address);
    if (backend == nullptr && !PodCidr(family_, peer_.number).Contains(hop.Destination().address))
      return;  // a process
    const Hop back = backend == nullptr ? node_.FromNetwork(reply) : node_.FromPod(*backend, reply);
    EXPECT_EQ(back.Source(), request.destination());
    EXPECT_EQ(back.Destination(), request.source());
  }

  Family family_;
  Node node_;
  Peer peer_ = node_.AddPeer("there");
  Pod client_ = node_.AddPod("client");
  std::vector<Pod> pods_;  // that play endpoints of this node
  const FlowSet* set_ = nullptr;
  std::map<IpAddress, IpAddress> players_;  // of the file's endpoints
  size_t used_pods_ = 0;
  int pods_there_ = 0;
  uint16_t port_ = 40000;
};

TEST(FlowPackets, A4_19_A5_22_A6_26_A6_27_A6_28_take_kube_proxys_ways) {
  std::map<Stage::Kind, std::unique_ptr<Stage>> stages;
  int asked = 0;
  for (const FlowSet& set : contract::AllFlowSets()) {
    if (set.pods_are_outside) continue;  // no such node here: a pod is known by its interface
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      std::vector<const Flow*> flows;
      for (const Flow& flow : set.flows) {
        const bool is_packet = flow.from_kind == "pod" || flow.from_kind == "external";
        if (is_packet && flow.to.vip.family() == family) flows.push_back(&flow);
      }
      if (flows.empty()) continue;
      std::unique_ptr<Stage>& stage = stages[Stage::KindOf(set, family)];
      if (stage == nullptr) stage = std::make_unique<Stage>(Stage::KindOf(set, family));
      stage->Play(set);
      for (const Flow* flow : flows) stage->Expect(*flow);
      asked += static_cast<int>(flows.size());
    }
  }
  EXPECT_EQ(asked, 227);
}

}  // namespace
}  // namespace fairlead::testing
