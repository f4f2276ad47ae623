// SPDX-License-Identifier: Apache-2.0
//
// Contract A9: load balancer addresses and external IPs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/contract/plan_of.h"

namespace fairlead::contract {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kSlice = WebSlice("s", {"addresses: [10.1.0.1]"});

Cluster LoadBalancer(const std::string& ingress, const std::string& spec = "") {
  return Cluster(Web("type: LoadBalancer" + spec) + "status: {loadBalancer: {ingress: [" + ingress +
                 "]}}\n" + kSlice);
}

std::vector<std::string> Sources(const std::string& ranges, const char* ingress = "") {
  std::vector<std::string> texts;
  const Cluster cluster = LoadBalancer(ingress, ", loadBalancerSourceRanges: [" + ranges + "]");
  for (const Cidr& source : cluster.Service("10.96.0.10:80").sources) {
    texts.push_back(source.ToString());
  }
  return texts;
}

TEST(A9, A9_42_everyIngressAddressOfModeVipIsAFrontendAndNoOther) {
  const Cluster cluster = LoadBalancer(
      "{ip: 192.0.2.80}, {ip: 192.0.2.81, ipMode: VIP}, {ip: 192.0.2.82, ipMode: Proxy}, "
      "{hostname: lb.example}");
  EXPECT_EQ(cluster.Outside("192.0.2.80:80"), "10.1.0.1:8080");
  EXPECT_EQ(cluster.Outside("192.0.2.81:80"), "10.1.0.1:8080");
  EXPECT_EQ(cluster.Outside("192.0.2.82:80"), kUnproxied);
}

TEST(A9, A9_43_sourceRangesAreForTheFamilyTheyAreOf) {
  EXPECT_THAT(Sources("' 198.51.100.0/24 ', '2001:db8::/32'"), ElementsAre("198.51.100.0/24"));
  EXPECT_THAT(Sources("'2001:db8::/32'"), IsEmpty());
  EXPECT_THAT(Sources("198.51.100.0/24, 0.0.0.0/0"), IsEmpty());
}

TEST(A9, A9_43_whereTheNodeMayComeItsLoadBalancerAddressesMay) {
  EXPECT_THAT(Sources("172.31.0.0/16", "{ip: 192.0.2.80}"),
              ElementsAre("172.31.0.0/16", "192.0.2.80/32"));
  EXPECT_THAT(Sources("172.32.0.0/16", "{ip: 192.0.2.80}"), ElementsAre("172.32.0.0/16"));
}

TEST(A9, A9_44_E16_withoutANodePortTheAddressIsServed) {
  const Cluster cluster =
      LoadBalancer("{ip: 192.0.2.80}", ", allocateLoadBalancerNodePorts: false");
  EXPECT_EQ(cluster.Outside("192.0.2.80:80"), "10.1.0.1:8080");
}

TEST(A9, A9_45_externalIpsAreServedForEveryType) {
  for (const char* type : {"ClusterIP", "NodePort", "LoadBalancer"}) {
    const Cluster cluster(Web(std::string("externalIPs: [203.0.113.250], type: ") + type) + kSlice);
    EXPECT_EQ(cluster.Inside("203.0.113.250:80"), "10.1.0.1:8080") << type;
    EXPECT_EQ(cluster.Outside("203.0.113.250:80"), "10.1.0.1:8080") << type;
  }
}

TEST(A9, A9_46_inside_theClusterSetAnswersForALoadBalancer) {
  const Cluster cluster = LoadBalancer("{ip: 192.0.2.80}", ", externalTrafficPolicy: Local");
  EXPECT_EQ(cluster.Inside("192.0.2.80:80"), "10.1.0.1:8080");
  EXPECT_EQ(cluster.Outside("192.0.2.80:80"), kDrop);
}

TEST(A9, A9_47_whatIsNotTheProxysBusinessChangesNothing) {
  const Cluster cluster =
      LoadBalancer("{ip: 192.0.2.80}",
                   ", loadBalancerClass: a/b, loadBalancerIP: 192.0.2.99, selector: {a: b}, "
                   "ipFamilyPolicy: SingleStack");
  EXPECT_EQ(cluster.Outside("192.0.2.80:80"), "10.1.0.1:8080");
  EXPECT_EQ(cluster.Outside("192.0.2.99:80"), kUnproxied);
}

TEST(A9, A9_42_anAddressThatIsNobodysIsNoFrontendAndIsNamed) {
  const Cluster cluster(Web("externalIPs: [0.0.0.0, 127.0.0.1, 224.0.0.1]") + kSlice);
  for (const char* frontend : {"0.0.0.0:80", "127.0.0.1:80", "224.0.0.1:80"}) {
    EXPECT_EQ(cluster.Inside(frontend), kUnproxied) << frontend;
  }
  ASSERT_EQ(cluster.plan().problems.size(), 1U);
  EXPECT_EQ(cluster.plan().problems[0].reason,
            "not an address of a Service: 0.0.0.0, 127.0.0.1, 224.0.0.1");
}

}  // namespace
}  // namespace fairlead::contract
