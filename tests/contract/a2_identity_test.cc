// SPDX-License-Identifier: Apache-2.0
//
// Contract A2: what a service port is known by.
#include <gtest/gtest.h>

#include "tests/contract/plan_of.h"

namespace fairlead::contract {
namespace {

TEST(A2, A2_8_oneAddressAndPortWithTwoProtocolsAreTwoServicePorts) {
  const Cluster cluster(R"(
{apiVersion: v1, kind: Service, metadata: {name: dns, namespace: kube-system}, spec:
  {type: NodePort, clusterIP: 10.96.0.10, ports: [
    {name: dns, protocol: UDP, port: 53, nodePort: 30053},
    {name: dns-tcp, protocol: TCP, port: 53, nodePort: 30053}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: s, namespace: kube-system, labels: {kubernetes.io/service-name: dns}},
 ports: [{name: dns, protocol: UDP, port: 5353}, {name: dns-tcp, protocol: TCP, port: 5354}],
 endpoints: [{addresses: [10.1.0.1]}]}
)");
  EXPECT_EQ(cluster.Inside("10.96.0.10:53"), "10.1.0.1:5354");
  EXPECT_EQ(cluster.Inside("10.96.0.10:53/udp"), "10.1.0.1:5353");
  EXPECT_EQ(cluster.Outside("172.31.0.11:30053"), "10.1.0.1:5354");
  EXPECT_EQ(cluster.Outside("172.31.0.11:30053/udp"), "10.1.0.1:5353");
  EXPECT_EQ(cluster.Owner("10.96.0.10:53/udp"), "kube-system/dns:dns");
}

TEST(A2, A2_9_eachFamilyHasItsOwnAddressesSlicesAndRanges) {
  const Cluster cluster(R"(
{apiVersion: v1, kind: Service, metadata: {name: web}, spec:
  {type: LoadBalancer, clusterIPs: [10.96.0.10, "fd00:96::a"],
   externalIPs: [192.0.2.1, "2001:db8::1"], ports: [{port: 80, nodePort: 30080}],
   loadBalancerSourceRanges: [198.51.100.0/24]},
 status: {loadBalancer: {ingress: [{ip: 192.0.2.80}, {ip: "2001:db8::80"}]}}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: s4, labels: {kubernetes.io/service-name: web}},
 ports: [{port: 8080}], endpoints: [{addresses: [10.1.0.1]}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv6,
 metadata: {name: s6, labels: {kubernetes.io/service-name: web}},
 ports: [{port: 8086}], endpoints: [{addresses: ["fd00:1::1"]}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: FQDN,
 metadata: {name: f, labels: {kubernetes.io/service-name: web}},
 ports: [{port: 80}], endpoints: [{addresses: [db.example]}]}
)");
  for (const char* v4 : {"10.96.0.10:80", "192.0.2.1:80", "192.0.2.80:80", "172.31.0.11:30080"}) {
    EXPECT_EQ(cluster.Inside(v4), "10.1.0.1:8080") << v4;
  }
  for (const char* v6 :
       {"[fd00:96::a]:80", "[2001:db8::1]:80", "[2001:db8::80]:80", "[fd00:31::11]:30080"}) {
    EXPECT_EQ(cluster.Inside(v6), "[fd00:1::1]:8086") << v6;
  }
  EXPECT_EQ(cluster.Service("10.96.0.10:80").sources.size(), 1U);
  EXPECT_TRUE(cluster.Service("[fd00:96::a]:80").sources.empty());
}

TEST(A2, A2_10_addressesWithLeadingZerosAndMappedOnesAreTheSameAddresses) {
  const Cluster cluster(R"(
{apiVersion: v1, kind: Service, metadata: {name: web}, spec:
  {clusterIP: 010.096.000.010, externalIPs: ["::ffff:192.0.2.1"], ports: [{port: 80}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: s, labels: {kubernetes.io/service-name: web}},
 ports: [{port: 8080}], endpoints: [{addresses: [010.001.000.001]}]}
)");
  EXPECT_EQ(cluster.Inside("10.96.0.10:80"), "10.1.0.1:8080");
  EXPECT_EQ(cluster.Inside("192.0.2.1:80"), "10.1.0.1:8080");
}

}  // namespace
}  // namespace fairlead::contract
