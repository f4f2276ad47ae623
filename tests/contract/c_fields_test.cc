// SPDX-License-Identifier: Apache-2.0
//
// Contract C: fields whose traps no other section has.
#include <gtest/gtest.h>

#include "tests/contract/plan_of.h"

namespace fairlead::contract {
namespace {

constexpr char kFront[] = "10.96.0.10:80";
const std::string kSlice = WebSlice("s", {"addresses: [10.1.0.1], nodeName: node2"});

TEST(C, C_sessionAffinity_isOfTheServicePortWithItsDefaultTimeout) {
  EXPECT_EQ(Cluster(Web()).Service(kFront).affinity_seconds, 0U);
  EXPECT_EQ(Cluster(Web("sessionAffinity: ClientIP")).Service(kFront).affinity_seconds, 10800U);
  EXPECT_EQ(Cluster(Web("sessionAffinity: ClientIP, sessionAffinityConfig: "
                        "{clientIP: {timeoutSeconds: 86400}}"))
                .Service(kFront)
                .affinity_seconds,
            86400U);
}

TEST(C, C_nodePort_goesWithTheTypeThatHasIt) {
  const auto web = [](const char* type) {
    std::string service = Web(std::string("type: ") + type);
    service.replace(service.find("{port: 80}"), 10, "{port: 80, nodePort: 30080}");
    return service;
  };
  Cluster cluster(web("NodePort") + kSlice);
  EXPECT_EQ(cluster.Outside("172.31.0.11:30080"), "10.1.0.1:8080");
  cluster.Put(web("ClusterIP"));
  EXPECT_EQ(cluster.Outside("172.31.0.11:30080"), kUnproxied);
  cluster.Put(web("LoadBalancer"));
  EXPECT_EQ(cluster.Outside("172.31.0.11:30080"), "10.1.0.1:8080");
}

TEST(C, C_externalTrafficPolicy_alsoOfTheExternalIpsOfAClusterIpService) {
  const Cluster cluster(Web("externalIPs: [192.0.2.1], externalTrafficPolicy: Local") + kSlice);
  EXPECT_EQ(cluster.Outside("192.0.2.1:80"), kDrop);
  EXPECT_EQ(cluster.Inside("192.0.2.1:80"), "10.1.0.1:8080");
}

TEST(C, C_targetPort_areTheSlicesBusiness) {
  std::string service = Web();
  service.replace(service.find("{port: 80}"), 10,
                  "{port: 80, targetPort: 9999, appProtocol: kubernetes.io/h2c}");
  EXPECT_EQ(Cluster(service + kSlice).Inside(kFront), "10.1.0.1:8080");
}

TEST(C, C_portName_renamedIsAnotherServicePort) {
  std::string service = Web();
  service.replace(service.find("{port: 80}"), 10, "{name: http, port: 80}");
  const Cluster cluster(service + kSlice);
  EXPECT_EQ(cluster.Owner(kFront), "shop/web:http");
  EXPECT_EQ(cluster.Inside(kFront), kReject);
}

TEST(C, C_deletionTimestamp_aServiceIsServedUntilItIsGone) {
  std::string service = Web();
  service.replace(service.find("name: web"), 9,
                  "name: web, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [a/b]");
  EXPECT_EQ(Cluster(service + kSlice).Inside(kFront), "10.1.0.1:8080");
}

TEST(C, C_clusterIPs_aSecondFamilyMayComeLater) {
  Cluster cluster(Web() + kSlice);
  EXPECT_EQ(cluster.Inside("[fd00:96::a]:80"), kUnproxied);
  cluster.Put(Web("clusterIPs: [10.96.0.10, 'fd00:96::a']"));
  EXPECT_EQ(cluster.Inside("[fd00:96::a]:80"), kReject);
  EXPECT_EQ(cluster.Inside(kFront), "10.1.0.1:8080");
}

}  // namespace
}  // namespace fairlead::contract
