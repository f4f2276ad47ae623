// SPDX-License-Identifier: Apache-2.0
//
// Node: a node of the cluster under test. Its world is built through
// production code — Kubernetes objects, plans, appliers — and its packets go
// through the shipped programs. Maps are its own, and end with it.
#ifndef FAIRLEAD_TESTS_DSL_NODE_H_
#define FAIRLEAD_TESTS_DSL_NODE_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "loader/apply/flow_import.h"
#include "loader/apply/node_tables.h"
#include "loader/kernel/hook_config.h"
#include "loader/kernel/map_set.h"
#include "loader/kernel/programs.h"
#include "loader/kube/any_object.h"
#include "loader/plan/reach_plan.h"
#include "loader/plan/traffic_policy.h"
#include "tests/dsl/hop.h"
#include "tests/dsl/tunnel_arrival.h"

namespace fairlead::testing {

// A pod of the node under test.
struct Pod {
  std::string name;
  uint32_t slot = 0;
  uint32_t ifindex = 0;  // host end of its veth pair
  MacAddress mac{};
  IpAddress address;

  Endpoint On(uint16_t port) const { return {address, port}; }
};

// Another node.
struct Peer {
  std::string name;
  int number = 0;
  IpAddress address;

  Endpoint Pod(int pod, uint16_t port) const;  // of one of its pods
  Endpoint On(uint16_t port) const { return {address, port}; }
};

struct Port {
  uint16_t number = 0;
  Protocol protocol = Protocol::kTcp;
};
inline Port TcpPort(uint16_t number) { return {number, Protocol::kTcp}; }
inline Port UdpPort(uint16_t number) { return {number, Protocol::kUdp}; }
inline Port SctpPort(uint16_t number) { return {number, Protocol::kSctp}; }

struct Service {
  std::string name;
  IpAddress vip;
  Port port;
  bool local_only = false;          // internalTrafficPolicy: Local
  uint16_t node_port = 0;           // 0: none
  bool outside_local_only = false;  // externalTrafficPolicy: Local
  std::vector<IpAddress> external_ips = {};
  std::vector<IpAddress> load_balancer_ips = {};
  std::vector<Cidr> source_ranges = {};       // of those
  uint32_t affinity_seconds = 0;              // 0: no session affinity
  std::string algorithm = {};                 // annotation; empty: none
  std::map<Endpoint, uint32_t> weights = {};  // of endpoints, where it is not 1

  Endpoint Front() const { return {vip, port.number}; }
};

struct NodeOptions {
  HookOptions hooks;  // verdicts are recorded in any case
  MapSizes sizes = {
      .flows = 256, .half_open_buckets = 256, .services = 32, .runs = 256, .backends = 256};
  bool uplink_has_addresses = true;
  plan::RoutingOptions routing = {};
  bool has_room = true;     // for fragments out of order
  bool xdp_sends = true;    // by the uplink
  bool has_address = true;  // the Node object does
  uint16_t uplink_mtu = 1500;
  uint16_t pod_mtu = 1500;
  std::vector<std::string> node_port_addresses = {"primary"};
  std::vector<IpAddress> more_addresses = {};  // that the host has beside the Node object's
  std::string zone = {};
};

class Node {
 public:
  explicit Node(Family family, const NodeOptions& options = {});
  ~Node();

  Pod AddPod(const std::string& name);
  // A pod of another network, for NodeOptions::hooks.guests: no table knows it.
  Pod AddGuest(const std::string& name);
  // Another pod in the slot of one that is gone, with its address.
  Pod ReplacePod(const Pod& gone, const std::string& name);
  void RemovePod(const Pod& pod);
  void SetMtu(const Pod& pod, uint16_t mtu);
  Peer AddPeer(const std::string& name);
  void RemovePeer(const Peer& peer);
  // A restart of the daemon with other flags, over the same tables.
  void SetRouting(const plan::RoutingOptions& routing);
  Service AddService(const std::string& name, Port port, const std::vector<Endpoint>& endpoints);
  // With its address filled in.
  Service AddService(Service service, const std::vector<Endpoint>& endpoints);
  // internalTrafficPolicy: Local.
  Service AddLocalService(const std::string& name, Port port,
                          const std::vector<Endpoint>& endpoints);
  void RemoveService(const Service& service);
  // The same Service, changed.
  void ChangeService(const Service& service);
  // `draining` ones terminate, but still serve.
  void SetEndpoints(const Service& service, const std::vector<Endpoint>& endpoints,
                    const std::vector<Endpoint>& draining = {});
  // These objects and no others; this node is called ClusterObjects::kOwnName.
  void SetObjects(kube::ObjectMap<kube::Service> services,
                  kube::ObjectMap<kube::EndpointSlice> slices);
  // Where ClusterIPs are from.
  void SetServiceCidrs(const std::vector<Cidr>& cidrs);
  // A port of the node that leads to the pod; goes with the pod.
  void AddHostPort(const Pod& pod, Port host_port, uint16_t container_port,
                   std::optional<IpAddress> host_ip = std::nullopt);
  void SetUplinkMtu(uint16_t mtu);
  void BumpPolicyEpoch();
  void SetMasquerade(const apply::MasqueradeRules& rules);
  // Another address on the uplink, as DHCP may give it.
  IpAddress MoveUplink();
  // The link beside the uplink (ScratchNetwork::side_link) is one, too, with this address.
  IpAddress MakeSideLinkUplink();
  void ChangeRoutes();                          // somewhere: flows look for their way out again
  uint32_t SnatRefusals(const Pod& pod) const;  // packets that found no source port
  // Other programs over the same tables, as an update of the daemon does it.
  void Reload(const HookOptions& hooks);
  // Everything remembered becomes older; nobody sleeps.
  void TimePasses(std::chrono::seconds seconds);
  // Another proxy's connection becomes ours: how its packets arrive, and how they left there.
  absl::StatusOr<apply::ImportReport> Adopt(const Packet& arriving, const Packet& leaving);
  void EmptyTailCalls();  // as if the programs behind them had not been loaded
  void FillFlowTable();   // no number is left for a new flow object

  IpAddress address() const;
  Endpoint On(uint16_t port) const { return {address(), port}; }
  Endpoint World(int host, uint16_t port) const;

  // One verb per hook. Sets the MACs that the packet leaves open.
  Hop FromPod(const Pod& pod, const Packet& packet, uint32_t mark = 0);
  Hop ToPod(const Pod& pod, const Packet& packet);  // what the host's stack sends
  Hop FromGuest(const Pod& guest, const Packet& packet);
  Hop ToGuest(const Pod& guest, const Packet& packet);  // from the bridge, or the host's stack
  Hop FromNetwork(const Packet& packet, uint32_t mark = 0);
  // At XDP, before from_network. What comes out at kOk is to meet that one next.
  Hop FromWire(const Packet& packet);
  Hop ToNetwork(const Packet& packet, uint32_t mark = 0);
  Hop FromRoom(const Packet& packet);  // what the kernel has put in order
  // What `peer`, or anybody, has tunnelled to us; and what our stack sends to a tunnelled peer.
  Hop FromOverlay(const Peer& peer, const Packet& packet);
  Hop FromOverlay(const Outer& outer, const Packet& packet);
  Hop ToOverlay(const Packet& packet, uint32_t mark = 0);
  Hop Run(hook where, uint32_t ifindex, const Packet& packet, uint32_t mark = 0);

  Family family() const;
  uint64_t Count(hook where, uint32_t reason) const;  // of both families
  // Flows that the programs have counted for the backends at this endpoint, of all services.
  int CountedFlows(const Endpoint& backend) const;
  // Flow objects in use.
  uint32_t FlowCount() const;
  // Datagrams whose first fragment is remembered.
  uint32_t DatagramCount() const;
  struct FlowView {
    uint32_t number = 0, generation = 0, side = 0;
    uint32_t exit = 0, exit_target = 0;  // of that side
  };
  // The flow object that packets like this one, as they arrive, belong to.
  std::optional<FlowView> FindFlow(const Packet& arriving) const;
  // True if a half-open flow arrives as `request` and is answered by the reply to `forwarded`.
  bool IsHalfOpen(const Packet& request, const Packet& forwarded) const;
  // Slot of the peer in `nodes`.
  uint32_t SlotOf(const Peer& peer) const;
  uint32_t uplink() const;
  uint32_t room() const;
  // A node's outer address, in the family of options.routing.underlay or IPv4.
  IpAddress UnderlayOf(const Peer& peer) const;
  int Program(hook where, Family family) const;  // loads it if nobody has asked for it yet

 private:
  struct State;
  std::vector<IpAddress> OwnAddresses() const;
  plan::PlanContext Context() const;
  void ApplyServices();
  void ApplyNodes();
  // `program_of(program)` is run in its stead.
  Hop Run(hook where, uint32_t ifindex, const Packet& packet, uint32_t mark,
          const std::function<int(int)>& program_of);
  // At XDP one program runs, and jumps to the other family's itself.
  Hop RunXdp(const Packet& packet);
  Hop Judged(Hop hop, uint32_t cpu) const;
  std::string NameOf(uint32_t ifindex) const;

  std::unique_ptr<State> state_;
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_DSL_NODE_H_
