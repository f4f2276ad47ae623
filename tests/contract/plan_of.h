// SPDX-License-Identifier: Apache-2.0
//
// For contract tests: manifests → what a client is answered.
//
//   Cluster cluster(yaml);
//   cluster.Inside("10.96.0.10:80")   "10.1.0.2:8080 10.1.1.2:8080"
//   cluster.Outside("172.31.0.11:30080")   "drop"
#ifndef FAIRLEAD_TESTS_CONTRACT_PLAN_OF_H_
#define FAIRLEAD_TESTS_CONTRACT_PLAN_OF_H_

#include <string>
#include <string_view>
#include <vector>

#include "loader/kube/object_store.h"
#include "loader/plan/service_plan.h"

namespace fairlead::contract {

inline constexpr char kReject[] = "reject";
inline constexpr char kDrop[] = "drop";
inline constexpr char kUnproxied[] = "unproxied";

// As node1 in zone1 plans it, with the addresses 172.31.0.11 and fd00:31::11.
class Cluster {
 public:
  explicit Cluster(const std::string& yaml) { Put(yaml); }

  // Adds objects, or puts them in the place of those that have their names.
  void Put(const std::string& yaml);

  // The backends that new flows may get, or one of the words above. `frontend` is
  // "address:port" with "/udp" or "/sctp" behind it if it is not TCP.
  std::string Inside(std::string_view frontend) const;
  std::string Outside(std::string_view frontend) const;
  // The service port that a frontend leads to, "shop/web:http", and what it owns.
  std::string Owner(std::string_view frontend) const;
  const plan::PlannedService& Service(std::string_view frontend) const;

  const plan::ServicePlan& plan() const { return plan_; }

 private:
  std::string Answer(std::string_view frontend, bool inside) const;

  kube::ObjectStore store_;
  plan::ServicePlan plan_;
};

// A Service shop/web at 10.96.0.10, TCP port 80, with more of its spec.
std::string Web(const std::string& spec = "");
// A slice of shop/web: endpoints like "addresses: [10.1.0.1], nodeName: node1".
std::string WebSlice(const std::string& name, const std::vector<std::string>& endpoints,
                     const std::string& ports = "[{port: 8080}]");

}  // namespace fairlead::contract

#endif  // FAIRLEAD_TESTS_CONTRACT_PLAN_OF_H_
