// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/host_port_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

const std::vector<IpAddress> kOwn = {Ip("172.31.0.11"), Ip("fd00:31::11")};

HostPortPod Pod(const char* name, uint64_t serial, std::vector<HostPort> ports) {
  return {.name_space = "shop",
          .name = name,
          .serial = serial,
          .ip4 = Ip("10.1.0.1").Plus(serial),
          .ip6 = Ip("fd00:1::1").Plus(serial),
          .ports = std::move(ports)};
}

HostPort Web(std::optional<IpAddress> host_ip = std::nullopt) {
  return {.protocol = Protocol::kTcp, .host_port = 8080, .container_port = 80, .host_ip = host_ip};
}

const PlannedService& At(const ServicePlan& plan, const Frontend& frontend) {
  return plan.services.at(plan.owners.at(frontend));
}

const Frontend kEvery4{Ip("0.0.0.0"), 8080, Protocol::kTcp};
const Frontend kEvery6{Ip("::"), 8080, Protocol::kTcp};

TEST(HostPorts, LeadToThePodOnEveryAddressOfBothFamilies) {
  const ServicePlan plan = MakeHostPortPlan({Pod("web", 1, {Web()})}, kOwn);
  ASSERT_THAT(plan.services, SizeIs(2));
  const PlannedService& service = At(plan, kEvery4);
  ASSERT_THAT(service.frontends, SizeIs(1));
  EXPECT_EQ(service.frontends[0].kind, FrontendKind::kHostPort);
  EXPECT_EQ(plan.owners.at(kEvery4).ToString(), "shop/web");
  ASSERT_THAT(service.backends, SizeIs(1));
  EXPECT_EQ(service.backends[0].endpoint, (Endpoint{Ip("10.1.0.2"), 80}));
  EXPECT_TRUE(service.backends[0].in_cluster);
  EXPECT_EQ(At(plan, kEvery6).backends[0].endpoint, (Endpoint{Ip("fd00:1::2"), 80}));
  EXPECT_THAT(plan.problems, IsEmpty());
}

TEST(HostPorts, OfOneAddressAreThatFamilysOnly) {
  for (const char* address : {"172.31.0.11", "127.0.0.1", "fd00:31::11", "::1", "0.0.0.0"}) {
    const ServicePlan plan = MakeHostPortPlan({Pod("web", 1, {Web(Ip(address))})}, kOwn);
    ASSERT_THAT(plan.services, SizeIs(1)) << address;
    EXPECT_EQ(plan.owners.begin()->first.vip, Ip(address));
  }
}

TEST(HostPorts, OfForeignAddressesAreRefused) {
  const ServicePlan plan = MakeHostPortPlan({Pod("web", 1, {Web(Ip("8.8.8.8"))})}, kOwn);
  EXPECT_THAT(plan.services, IsEmpty());
  ASSERT_THAT(plan.problems, SizeIs(1));
  EXPECT_THAT(plan.problems[0].reason, HasSubstr("8.8.8.8:8080/tcp"));
  EXPECT_EQ(plan.problems[0].object.name.ToString(), "shop/web");
}

TEST(HostPorts, BelongToTheOlderOfTwoPods) {
  const HostPortPod older = Pod("older", 4, {Web()});
  const HostPortPod younger = Pod("younger", 7, {Web()});
  for (const auto& pods : {std::vector{older, younger}, std::vector{younger, older}}) {
    const ServicePlan plan = MakeHostPortPlan(pods, kOwn);
    EXPECT_EQ(plan.owners.at(kEvery4).owner.name.name, "older");
    ASSERT_THAT(plan.problems, SizeIs(2));
    EXPECT_EQ(plan.problems[0].object.name.ToString(), "shop/younger");
    EXPECT_THAT(plan.problems[0].reason, HasSubstr("shop/older"));
  }
}

TEST(HostPorts, OfOneAddressAndOfEveryAddressLiveSideBySide) {
  const ServicePlan plan =
      MakeHostPortPlan({Pod("one", 1, {Web(kOwn[0])}), Pod("every", 2, {Web()})}, kOwn);
  EXPECT_THAT(plan.services, SizeIs(3));
  EXPECT_THAT(plan.problems, IsEmpty());
}

TEST(HostPorts, OfProtocolsDoNotClash) {
  HostPort udp = Web();
  udp.protocol = Protocol::kUdp;
  HostPort sctp = Web();
  sctp.protocol = Protocol::kSctp;
  EXPECT_THAT(MakeHostPortPlan({Pod("web", 1, {Web(), udp, sctp})}, kOwn).services, SizeIs(6));
}

TEST(HostPorts, NeedAnAddressOfTheirFamily) {
  HostPortPod pod = Pod("web", 1, {Web(), Web(Ip("::1"))});
  pod.ip6.reset();
  const ServicePlan plan = MakeHostPortPlan({pod}, kOwn);
  EXPECT_THAT(plan.services, SizeIs(1));
  EXPECT_THAT(plan.problems, SizeIs(1));
}

TEST(HostPorts, YieldToAServiceOfTheSameAddress) {
  ServicePlan services;
  const Frontend frontend{kOwn[0], 8080, Protocol::kTcp};
  PlannedService web;
  web.frontends = {{.address = frontend}};
  const ServicePortName name{
      {kube::Kind::kService, {"shop", "web"}}, "", Protocol::kTcp, Family::kIpv4};
  AddService(name, web, "", services);
  AddHostPorts(MakeHostPortPlan({Pod("pod", 1, {Web(kOwn[0])})}, kOwn), services);
  EXPECT_EQ(services.owners.at(frontend), name);
  EXPECT_THAT(services.problems, SizeIs(1));
}

}  // namespace
}  // namespace fairlead::plan
