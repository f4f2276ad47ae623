// SPDX-License-Identifier: Apache-2.0
//
// Contract A5: what a client is told when nobody can serve it.
#include <gtest/gtest.h>

#include "tests/contract/plan_of.h"

namespace fairlead::contract {
namespace {

constexpr char kAll[] =
    "type: LoadBalancer, externalIPs: [192.0.2.1], internalTrafficPolicy: Local, "
    "externalTrafficPolicy: Local";

Cluster With(const std::vector<std::string>& endpoints) {
  std::string service = Web(kAll) + "status: {loadBalancer: {ingress: [{ip: 192.0.2.80}]}}\n";
  service.replace(service.find("{port: 80}"), 10, "{port: 80, nodePort: 30080}");
  return Cluster(service + WebSlice("s", endpoints));
}

TEST(A5, A5_22_withoutAnyEndpointEveryFrontendRejects) {
  const Cluster cluster = With({});
  for (const char* frontend :
       {"10.96.0.10:80", "172.31.0.11:30080", "192.0.2.1:80", "192.0.2.80:80"}) {
    EXPECT_EQ(cluster.Inside(frontend), kReject) << frontend;
    EXPECT_EQ(cluster.Outside(frontend), kReject) << frontend;
  }
}

TEST(A5, A5_23_wherePolicyLeavesNoneItIsSilenceOnThatSideOnly) {
  const Cluster cluster = With({"addresses: [10.1.0.2], nodeName: node2"});
  EXPECT_EQ(cluster.Inside("10.96.0.10:80"), kDrop);
  for (const char* frontend : {"172.31.0.11:30080", "192.0.2.1:80", "192.0.2.80:80"}) {
    EXPECT_EQ(cluster.Inside(frontend), "10.1.0.2:8080") << frontend;
    EXPECT_EQ(cluster.Outside(frontend), kDrop) << frontend;
  }
}

}  // namespace
}  // namespace fairlead::contract
