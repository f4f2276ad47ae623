// SPDX-License-Identifier: Apache-2.0
//
// kube-proxy's own expectations (tests/data/service-flows.json): its flow, topology and
// EndpointSlice tests, and e2e tests translated by hand. Objects, and flows with their answers.
//
// Two answers are not those of the file:
//   - svc-topo-11 turns off a feature gate that 1.36 has locked on;
//   - svc-skip-headlesslabel wants a Service with a headless slice unproxied. kube-proxy's
//   informers
//     filter slices by that label, Services by clusterIP alone: it has no endpoints, and refuses.
#ifndef FAIRLEAD_TESTS_CONTRACT_FLOW_SETS_H_
#define FAIRLEAD_TESTS_CONTRACT_FLOW_SETS_H_

#include <set>
#include <string>
#include <vector>

#include "base/ip.h"
#include "loader/kube/object_store.h"
#include "loader/plan/service_plan.h"

namespace fairlead::contract {

enum class Answer {
  kBackends,
  kReject,
  kDrop,
  kUnproxied,  // no Service's business
};

struct Flow {
  std::string text;  // all of it, as the file has it
  IpAddress from;
  std::string from_kind;  // pod, external, node, loopback, lb-ip
  plan::Frontend to;
  Answer answer = Answer::kUnproxied;
  std::set<Endpoint> backends;
  bool masquerade = false;
};

struct FlowSet {
  std::string id;
  std::string node_name;
  std::string zone;
  std::vector<IpAddress> node_addresses;
  std::vector<std::string> node_port_addresses;  // as the flag has them
  // kube-proxy without a local detector: to it pods are outside.
  bool pods_are_outside = false;
  kube::ObjectStore objects;
  std::vector<Flow> flows;

  bool IsInside(const Flow& flow) const {
    return flow.from_kind != "external" && !(flow.from_kind == "pod" && pods_are_outside);
  }
  plan::PlanContext Context() const;
};

// All of them; ends the test program if the file is not as it should be.
const std::vector<FlowSet>& AllFlowSets();

}  // namespace fairlead::contract

#endif  // FAIRLEAD_TESTS_CONTRACT_FLOW_SETS_H_
