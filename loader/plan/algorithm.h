// SPDX-License-Identifier: Apache-2.0
//
// How a service port's backend is chosen for a new flow, as its Service, its
// slices and the node's flags say (docs/decisions/0023).
#ifndef FAIRLEAD_LOADER_PLAN_ALGORITHM_H_
#define FAIRLEAD_LOADER_PLAN_ALGORITHM_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "loader/kube/endpoint_slice.h"
#include "loader/kube/service.h"
#include "loader/plan/plan_problem.h"

namespace fairlead::plan {

enum class Algorithm : uint8_t {
  kRandom,
  kMaglev,            // by the flow's addresses and ports, the same on every node
  kLeastConnections,  // of two at random, the one with fewer flows of this node
};

// "random", "maglev", "least-connections": the words of annotation and flag.
const std::map<std::string, Algorithm>& Algorithms();

// On a Service. Anything but a word of Algorithms(): a problem, and the node's default.
inline constexpr char kAlgorithmAnnotation[] = "fairlead.dev/algorithm";
// On an EndpointSlice: the weight of each of its endpoints, 1 to kMaxWeight. Else: a problem,
// and 1.
inline constexpr char kWeightAnnotation[] = "fairlead.dev/weight";
inline constexpr uint32_t kMaxWeight = 100;

Algorithm AlgorithmOf(const kube::Service& service, Algorithm otherwise);
uint32_t WeightOf(const kube::EndpointSlice& slice);

// What is wrong with the annotations of a Service and of its slices, and weights that its algorithm
// does not ask for. All are the Service's: they go when it is planned again.
void NoteAlgorithmProblems(const kube::Service& service,
                           const std::vector<const kube::EndpointSlice*>& slices,
                           Algorithm otherwise, std::vector<PlanProblem>& problems);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_ALGORITHM_H_
