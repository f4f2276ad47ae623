// SPDX-License-Identifier: Apache-2.0
//
// Contract A4: the two sets of endpoints.
#include <gtest/gtest.h>

#include "tests/contract/plan_of.h"

namespace fairlead::contract {
namespace {

constexpr char kFront[] = "10.96.0.10:80";
constexpr char kNodePort[] = "172.31.0.11:30080";

constexpr char kReady1[] = "addresses: [10.1.0.1], nodeName: node1";
constexpr char kReady2[] = "addresses: [10.1.0.2], nodeName: node2";
constexpr char kDying1[] =
    "addresses: [10.1.0.1], nodeName: node1, conditions: {ready: false, terminating: true}";
constexpr char kDying2[] =
    "addresses: [10.1.0.2], nodeName: node2, conditions: {ready: false, terminating: true}";

// ClusterIP and NodePort of one Service.
Cluster With(const std::string& policies, const std::vector<std::string>& endpoints) {
  return Cluster(R"(
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: NodePort, clusterIP: 10.96.0.10, ports: [{port: 80, nodePort: 30080}])" +
                 policies + "}\n" + WebSlice("s", endpoints));
}

TEST(A4, A4_17_clusterIsWhoIsReadyOrElseWhoIsTerminatingAndServes) {
  EXPECT_EQ(With("", {kReady1, kDying2}).Inside(kFront), "10.1.0.1:8080");
  EXPECT_EQ(With("", {kDying1, kDying2}).Inside(kFront), "10.1.0.1:8080 10.1.0.2:8080");
  EXPECT_EQ(With("", {"addresses: [10.1.0.1], conditions: "
                      "{ready: false, serving: false, terminating: true}"})
                .Inside(kFront),
            kReject);
}

TEST(A4, A4_18_theLocalSetFallsBackOnItsOwn) {
  const Cluster cluster = With(", externalTrafficPolicy: Local", {kDying1, kReady2});
  EXPECT_EQ(cluster.Inside(kNodePort), "10.1.0.2:8080");
  EXPECT_EQ(cluster.Outside(kNodePort), "10.1.0.1:8080");
}

TEST(A4, A4_19_eachPolicyIsForItsOwnFrontends) {
  const std::vector<std::string> endpoints = {kReady1, kReady2};
  const Cluster internal = With(", internalTrafficPolicy: Local", endpoints);
  EXPECT_EQ(internal.Inside(kFront), "10.1.0.1:8080");
  EXPECT_EQ(internal.Outside(kFront), "10.1.0.1:8080");
  EXPECT_EQ(internal.Outside(kNodePort), "10.1.0.1:8080 10.1.0.2:8080");
  const Cluster external = With(", externalTrafficPolicy: Local", endpoints);
  EXPECT_EQ(external.Inside(kFront), "10.1.0.1:8080 10.1.0.2:8080");
  EXPECT_EQ(external.Outside(kFront), "10.1.0.1:8080 10.1.0.2:8080");
  EXPECT_EQ(external.Outside(kNodePort), "10.1.0.1:8080");
}

TEST(A4, A4_20_hintsCountIfAllReadyEndpointsHaveThemAndOneIsForUs) {
  const std::string here = "addresses: [10.1.0.1], nodeName: node1, hints: {";
  const std::string there = "addresses: [10.1.0.2], nodeName: node2, hints: {";
  const auto answer = [&](const std::string& hints1, const std::string& hints2,
                          const std::string& policy = "") {
    return With(policy, {here + hints1 + "}", there + hints2 + "}"}).Inside(kFront);
  };
  const std::string both = "10.1.0.1:8080 10.1.0.2:8080";
  EXPECT_EQ(answer("forZones: [{name: zone1}]", "forZones: [{name: zone2}]"), "10.1.0.1:8080");
  EXPECT_EQ(answer("forZones: [{name: zone1}]", ""), both);
  EXPECT_EQ(answer("forZones: [{name: zone3}]", "forZones: [{name: zone2}]"), both);
  // Nodes come before zones.
  EXPECT_EQ(answer("forZones: [{name: zone2}], forNodes: [{name: node1}]",
                   "forZones: [{name: zone1}], forNodes: [{name: node2}]"),
            "10.1.0.1:8080");
  EXPECT_EQ(answer("forZones: [{name: zone1}], forNodes: [{name: node3}]",
                   "forZones: [{name: zone2}], forNodes: [{name: node2}]"),
            "10.1.0.1:8080");
  // They are not for the Local set, and nothing in the Service stands for them.
  EXPECT_EQ(answer("forZones: [{name: zone2}]", "forZones: [{name: zone1}]",
                   ", internalTrafficPolicy: Local"),
            "10.1.0.1:8080");
  EXPECT_EQ(answer("", "", ", trafficDistribution: PreferSameNode"), both);
}

TEST(A4, A4_21_readyIsWhatTheSliceSaysWhateverThePodIs) {
  EXPECT_EQ(With(", publishNotReadyAddresses: true",
                 {"addresses: [10.1.0.1], conditions: {ready: true, serving: false}",
                  "addresses: [10.1.0.2], conditions: {ready: false}"})
                .Inside(kFront),
            "10.1.0.1:8080");
}

}  // namespace
}  // namespace fairlead::contract
