// SPDX-License-Identifier: Apache-2.0
//
// Contract A1: which objects count.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/contract/plan_of.h"

namespace fairlead::contract {
namespace {

constexpr char kFront[] = "10.96.0.10:80";
const std::string kSlice = WebSlice("s", {"addresses: [10.1.0.1]"});

std::string Service(const std::string& labels, const std::string& spec) {
  return fmt::format(
      "\n---\n{{apiVersion: v1, kind: Service, metadata: {{name: web, namespace: "
      "shop, labels: {{{}}}}}, spec: {{ports: [{{port: 80}}], {}}}}}\n",
      labels, spec);
}

TEST(A1, A1_1_E14_aServiceOfAnotherProxyIsLeftAloneAndComesBackWithItsLabelGone) {
  Cluster cluster(kSlice + Web());
  EXPECT_EQ(cluster.Inside(kFront), "10.1.0.1:8080");
  cluster.Put(Service("service.kubernetes.io/service-proxy-name: x", "clusterIP: 10.96.0.10"));
  EXPECT_EQ(cluster.Inside(kFront), kUnproxied);
  cluster.Put(Web());
  EXPECT_EQ(cluster.Inside(kFront), "10.1.0.1:8080");
}

TEST(A1, A1_2_E14_aHeadlessSliceIsIgnoredAndAHeadlessLabelOnAServiceIsNot) {
  Cluster cluster(kSlice + Service("service.kubernetes.io/headless: ''", "clusterIP: 10.96.0.10"));
  EXPECT_EQ(cluster.Inside(kFront), "10.1.0.1:8080");
  std::string headless = kSlice;
  headless.replace(headless.find("service-name: web"), 17,
                   "service-name: web, service.kubernetes.io/headless: ''");
  cluster.Put(headless);
  EXPECT_EQ(cluster.Inside(kFront), kReject);
  cluster.Put(kSlice);
  EXPECT_EQ(cluster.Inside(kFront), "10.1.0.1:8080");
}

TEST(A1, A1_6_withoutAClusterIpOrAsExternalNameThereIsNoFrontendAndTypesChangeLive) {
  Cluster cluster(kSlice + Web("type: NodePort"));
  for (const char* spec : {"clusterIP: None", "clusterIP: ''", "type: ClusterIP",
                           "type: ExternalName, externalName: a.example, clusterIP: 10.96.0.10"}) {
    cluster.Put(Service("", spec));
    EXPECT_TRUE(cluster.plan().owners.empty()) << spec;
    cluster.Put(Web());
    EXPECT_EQ(cluster.Inside(kFront), "10.1.0.1:8080") << spec;
  }
}

}  // namespace
}  // namespace fairlead::contract
