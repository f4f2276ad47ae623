// SPDX-License-Identifier: Apache-2.0
//
// Promise: a connected UDP socket sends to a backend of the Service that its
// process has named, or, if there is none, to that address itself.
#include "loader/plan/socket_plan.h"

#include <gtest/gtest.h>

namespace fairlead::plan {
namespace {

Endpoint At(const char* address, uint16_t port) { return {*IpAddress::Parse(address), port}; }

const ServicePortName kDns{.owner = {kube::Kind::kService, {"shop", "dns"}},
                           .port_name = "dns",
                           .protocol = Protocol::kUdp,
                           .family = Family::kIpv4};

ServicePlan Plan(std::vector<PlannedBackend> backends, Protocol protocol = Protocol::kUdp) {
  ServicePortName name = kDns;
  name.protocol = protocol;
  PlannedService service;
  service.backends = std::move(backends);
  service.frontends = {{.address = {*IpAddress::Parse("10.96.0.10"), 53, protocol}},
                       {.address = {*IpAddress::Parse("0.0.0.0"), 30053, protocol},
                        .kind = FrontendKind::kNodePort}};
  ServicePlan plan;
  AddService(name, std::move(service), "", plan);
  return plan;
}

PlannedBackend Backend(const char* address) {
  return {.endpoint = At(address, 5353), .in_cluster = true};
}

class SocketPlan : public ::testing::Test {
 protected:
  std::optional<Endpoint> Anew(const HostSocket& socket, const ServicePlan& plan) {
    return ConnectAnew(socket, plan, {*IpAddress::Parse("172.31.0.11")});
  }
  const Endpoint front_ = At("10.96.0.10", 53);
  const Endpoint backend_ = At("10.244.1.1", 5353);
};

TEST_F(SocketPlan, ASocketWithALivingBackendStays) {
  EXPECT_EQ(Anew({backend_, front_}, Plan({Backend("10.244.1.1")})), std::nullopt);
}

TEST_F(SocketPlan, OneWhoseBackendDrainsStays) {
  PlannedBackend draining = Backend("10.244.1.1");
  draining.in_cluster = false;
  EXPECT_EQ(Anew({backend_, front_}, Plan({draining, Backend("10.244.1.2")})), std::nullopt);
}

TEST_F(SocketPlan, OneWhoseBackendIsGoneMoves) {
  EXPECT_EQ(Anew({backend_, front_}, Plan({Backend("10.244.1.2")})), front_);
  EXPECT_EQ(Anew({backend_, front_}, Plan({})), front_);
}

TEST_F(SocketPlan, OneWhoseServiceIsGoneKeepsTheAddressAlone) {
  EXPECT_EQ(Anew({backend_, front_}, ServicePlan()), front_);
  EXPECT_EQ(Anew({front_, std::nullopt}, ServicePlan()), std::nullopt);
}

TEST_F(SocketPlan, OneThatWaitsForAServiceOrItsBackendMovesToIt) {
  EXPECT_EQ(Anew({front_, std::nullopt}, Plan({})), std::nullopt);
  EXPECT_EQ(Anew({front_, std::nullopt}, Plan({Backend("10.244.1.2")})), front_);
}

TEST_F(SocketPlan, APortOfTheNodeIsOnAllItsAddressesAndLoopback) {
  for (const char* named : {"172.31.0.11", "127.0.0.1"}) {
    const Endpoint front = At(named, 30053);
    EXPECT_EQ(Anew({backend_, front}, Plan({Backend("10.244.1.2")})), front);
    EXPECT_EQ(Anew({backend_, front}, Plan({Backend("10.244.1.1")})), std::nullopt);
  }
  EXPECT_EQ(Anew({At("172.31.0.12", 30053), std::nullopt}, Plan({Backend("10.244.1.2")})),
            std::nullopt);
}

TEST_F(SocketPlan, WhatIsNoServiceOfDatagramsStays) {
  EXPECT_EQ(Anew({At("192.0.2.1", 53), std::nullopt}, Plan({Backend("10.244.1.1")})), std::nullopt);
  EXPECT_EQ(Anew({front_, std::nullopt}, Plan({Backend("10.244.1.1")}, Protocol::kTcp)),
            std::nullopt);
}

}  // namespace
}  // namespace fairlead::plan
