// SPDX-License-Identifier: Apache-2.0
//
// Services and their backends as the tables of one family hold them, joined:
// a service's run names backends, a backend names its service.
#ifndef FAIRLEAD_CLI_SERVICE_VIEW_H_
#define FAIRLEAD_CLI_SERVICE_VIEW_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "cli/pinned_node.h"

namespace fairlead::cli {

struct BackendView {
  Family family = Family::kIpv4;
  uint32_t number = 0;
  Endpoint endpoint;
  uint32_t state = BACKEND_FREE;  // BACKEND_*
  uint32_t generation = 0;
  uint32_t service_id = 0;
  uint32_t weight = 1;
  uint64_t flows = 0;         // flow objects that use it and have not expired
  int32_t counted_flows = 0;  // what the programs have counted: expired ones, too
};
const char* BackendStateName(uint32_t state);          // "ready", "draining", "free"
std::vector<std::string> BackendSets(uint32_t state);  // "cluster", "local": takes their new flows
const char* AlgorithmName(uint32_t flags);             // SERVICE_*: "random", "maglev", …
const char* ServiceKindName(uint32_t kind);            // "ClusterIP", "NodePort", …

struct ServiceView {
  Family family = Family::kIpv4;
  Endpoint frontend;
  uint8_t protocol = 0;
  service entry{};
  std::vector<Endpoint> ready;    // for clients inside, in the order of the run
  std::vector<Endpoint> outside;  // the same for those outside
  uint32_t draining = 0;          // backends that only keep the flows they have

  std::string Name() const;  // "10.96.0.10:80/tcp"
};

// Sorted by address, port, protocol.
template <typename Abi>
absl::StatusOr<std::vector<ServiceView>> ReadServices(const FamilyTables<Abi>& tables);

// By number. `time` decides which flows still count.
template <typename Abi>
std::vector<BackendView> ReadBackends(const FamilyTables<Abi>& tables, const FlowTime& time);

}  // namespace fairlead::cli

#endif  // FAIRLEAD_CLI_SERVICE_VIEW_H_
