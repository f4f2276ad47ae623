// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/live_flows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Endpoint At(const std::string& address, uint16_t port) {
  return {*IpAddress::Parse(address), port};
}

class AnotherProxysConnections : public ::testing::TestWithParam<Family> {
 protected:
  AnotherProxysConnections() {
    PlannedService service;
    service.backends.resize(4);
    service.backends[0].endpoint = pod_;
    service.backends[1].endpoint = far_pod_;
    service.backends[2].endpoint = strange_pod_;
    service.backends[3].endpoint = process_;
    for (const auto& [address, kind] :
         {std::pair{vip_, FrontendKind::kClusterIp}, {every_address_, FrontendKind::kNodePort}}) {
      service.frontends.push_back({.address = {address.address, address.port}, .kind = kind});
    }
    const ServicePortName name{.owner = {kube::Kind::kService, {"default", "web"}},
                               .port_name = "http"};
    for (const PlannedFrontend& frontend : service.frontends) {
      plan_.owners[frontend.address] = name;
    }
    plan_.services[name] = service;
  }

  Endpoint In(const std::string& v4, const std::string& v6, uint16_t port) const {
    return At(GetParam() == Family::kIpv4 ? v4 : v6, port);
  }
  LiveFlow Flow(const Endpoint& client, const Endpoint& frontend, const Endpoint& backend) const {
    return {.client = client, .frontend = frontend, .answer_to = node_, .backend = backend};
  }
  std::vector<LiveFlow> Adopted(const LiveFlow& flow) const {
    const WhereFlowsRun here{
        .node_addresses = {node_.address},
        .is_our_pod = [this](const IpAddress& address) { return address == pod_.address; },
        .is_of_our_block =
            [this](const IpAddress& address) {
              return address == pod_.address || address == strange_pod_.address;
            }};
    if (!IsToAdopt(flow, plan_, here)) return {};
    return {flow};
  }

  const Endpoint vip_ = In("10.96.0.10", "fd00:96::10", 80);
  const Endpoint every_address_ = In("0.0.0.0", "::", 30080);
  const Endpoint node_ = In("172.31.0.11", "fd00:31::11", 30080);
  const Endpoint pod_ = In("10.244.1.2", "fd00:10:244:1::2", 8080);
  const Endpoint far_pod_ = In("10.244.2.2", "fd00:10:244:2::2", 8080);
  const Endpoint strange_pod_ = In("10.244.1.9", "fd00:10:244:1::9", 8080);
  const Endpoint process_ = In("172.31.0.11", "fd00:31::11", 8080);
  const Endpoint outside_ = In("192.0.2.7", "2001:db8::7", 40000);
  ServicePlan plan_;
};

TEST_P(AnotherProxysConnections, BetweenPodsOfOursAndElsewhereAreAdopted) {
  for (const Endpoint& client : {outside_, Endpoint{pod_.address, 40000}}) {
    for (const Endpoint& front : {vip_, node_}) {
      for (const Endpoint& backend : {pod_, far_pod_}) {
        const LiveFlow flow = Flow(client, front, backend);
        EXPECT_THAT(Adopted(flow), ElementsAre(flow)) << client << front << backend;
      }
    }
  }
}

TEST_P(AnotherProxysConnections, OfProcessesOfThisNodeStayWithTheKernel) {
  EXPECT_THAT(Adopted(Flow({node_.address, 40000}, vip_, pod_)), IsEmpty());
  EXPECT_THAT(Adopted(Flow(outside_, vip_, process_)), IsEmpty());
}

TEST_P(AnotherProxysConnections, OfPodsWithoutOurHooksStayWithTheKernel) {
  EXPECT_THAT(Adopted(Flow(outside_, vip_, strange_pod_)), IsEmpty());
  EXPECT_THAT(Adopted(Flow({strange_pod_.address, 40000}, vip_, pod_)), IsEmpty());
}

TEST_P(AnotherProxysConnections, ToWhatWeDoNotServeStayWithTheKernel) {
  EXPECT_THAT(Adopted(Flow(outside_, {vip_.address, 81}, pod_)), IsEmpty());
  EXPECT_THAT(Adopted(Flow(outside_, {outside_.address, every_address_.port}, pod_)), IsEmpty());
  EXPECT_THAT(Adopted(Flow(outside_, vip_, {pod_.address, 9090})), IsEmpty()) << "no backend of it";
  LiveFlow udp = Flow(outside_, vip_, pod_);
  udp.protocol = Protocol::kUdp;
  EXPECT_THAT(Adopted(udp), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(BothFamilies, AnotherProxysConnections,
                         ::testing::Values(Family::kIpv4, Family::kIpv6),
                         [](const auto& family) { return FamilyName(family.param); });

}  // namespace
}  // namespace fairlead::plan
