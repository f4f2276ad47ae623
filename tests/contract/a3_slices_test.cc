// SPDX-License-Identifier: Apache-2.0
//
// Contract A3: EndpointSlices become endpoints.
#include <gtest/gtest.h>

#include "tests/contract/plan_of.h"

namespace fairlead::contract {
namespace {

constexpr char kFront[] = "10.96.0.10:80";

std::string WithEndpoints(const std::vector<std::string>& endpoints) {
  return Cluster(Web() + WebSlice("s", endpoints)).Inside(kFront);
}

TEST(A3, A3_11_allSlicesOfAServiceAreMergedAndThoseOfOthersAreNot) {
  Cluster cluster(Web() + WebSlice("a", {"addresses: [10.1.0.1]"}) +
                  WebSlice("b", {"addresses: [10.1.0.2]"}) + R"(
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: c, namespace: other, labels: {kubernetes.io/service-name: web}},
 ports: [{port: 8080}], endpoints: [{addresses: [10.1.0.3]}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: d, namespace: shop}, ports: [{port: 8080}], endpoints: [{addresses: [10.1.0.4]}]}
)");
  EXPECT_EQ(cluster.Inside(kFront), "10.1.0.1:8080 10.1.0.2:8080");
}

TEST(A3, A3_12_onlyTheFirstAddressCountsAndADuplicateIsTheOneThatStays) {
  EXPECT_EQ(WithEndpoints({"addresses: [10.1.0.1, 10.1.0.9]"}), "10.1.0.1:8080");
  const std::string dying =
      WebSlice("a", {"addresses: [10.1.0.1], conditions: {ready: false, terminating: true}"});
  const std::string living = WebSlice("b", {"addresses: [10.1.0.1]", "addresses: [10.1.0.2]"});
  for (const std::string& slices : {dying + living, living + dying}) {
    EXPECT_EQ(Cluster(Web() + slices).Inside(kFront), "10.1.0.1:8080 10.1.0.2:8080");
  }
}

TEST(A3, A3_13_conditionsThatAreNotThereMeanReadyServingAndNotTerminating) {
  EXPECT_EQ(WithEndpoints({"addresses: [10.1.0.1]", "addresses: [10.1.0.2], conditions: {}",
                           "addresses: [10.1.0.3], conditions: {ready: null}"}),
            "10.1.0.1:8080 10.1.0.2:8080 10.1.0.3:8080");
  EXPECT_EQ(WithEndpoints({"addresses: [10.1.0.1], conditions: {ready: false}"}), kReject);
  // Serving, as it does not say otherwise.
  EXPECT_EQ(WithEndpoints({"addresses: [10.1.0.1], conditions: {ready: false, terminating: true}"}),
            "10.1.0.1:8080");
}

TEST(A3, A3_14_portsWithoutANumberAreIgnoredAndNumbersMayDifferBySlice) {
  EXPECT_EQ(Cluster(Web() + WebSlice("a", {"addresses: [10.1.0.1]"}, "[{protocol: TCP}]") +
                    WebSlice("b", {"addresses: [10.1.0.2]"}, "[{port: 8081}]") +
                    WebSlice("c", {"addresses: [10.1.0.3]"}, "[{port: 8082}]") +
                    WebSlice("d", {"addresses: [10.1.0.4]"}, "[{name: other, port: 1}]"))
                .Inside(kFront),
            "10.1.0.2:8081 10.1.0.3:8082");
}

TEST(A3, A3_15_localIsWhoseNodeNameIsOursToTheLetter) {
  const Cluster cluster(
      Web("internalTrafficPolicy: Local") +
      WebSlice("s",
               {"addresses: [10.1.0.1], nodeName: node1", "addresses: [10.1.0.2], nodeName: Node1",
                "addresses: [10.1.0.3], nodeName: node11", "addresses: [10.1.0.4]"}));
  EXPECT_EQ(cluster.Inside(kFront), "10.1.0.1:8080");
}

TEST(A3, A3_16_endpointsWithoutAPodWork) {
  EXPECT_EQ(WithEndpoints({"addresses: [198.51.100.7]", "addresses: [172.31.0.12]"}),
            "172.31.0.12:8080 198.51.100.7:8080");
}

}  // namespace
}  // namespace fairlead::contract
