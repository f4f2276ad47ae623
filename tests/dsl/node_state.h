// SPDX-License-Identifier: Apache-2.0
//
// What a Node holds; for node.cc and node_memory.cc only.
#ifndef FAIRLEAD_TESTS_DSL_NODE_STATE_H_
#define FAIRLEAD_TESTS_DSL_NODE_STATE_H_

#include <map>

#include "loader/apply/node_tables.h"
#include "loader/apply/pod_table.h"
#include "loader/apply/service_tables.h"
#include "loader/plan/host_port_plan.h"
#include "tests/dsl/cluster_objects.h"
#include "tests/dsl/node.h"
#include "tests/dsl/scratch_network.h"

namespace fairlead::testing {

struct Node::State {
  State(Family family_under_test, const NodeOptions& node_options);

  Family family;
  NodeOptions options;
  ScratchNetwork& network;
  MapSet maps;
  Programs programs;
  Tables tables;
  apply::PodTable pods;
  apply::NodeTables nodes;
  apply::ServiceTables services;
  ClusterObjects objects;
  std::map<uint32_t, std::string> names;  // of pods, by interface
  apply::MasqueradeRules masquerade;
  std::vector<Cidr> service_cidrs;
  std::map<uint32_t, plan::HostPortPod> host_ports;  // by slot
  std::optional<UniqueFd> xdp;                       // keeps the uplink ready for test runs
  int uplink_moves = 0;
  bool side_link_is_uplink = false;
  size_t route_changes = 0;
  uint32_t next_slot = 0;
  int peer_count = 0;
  int service_count = 0;
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_DSL_NODE_STATE_H_
