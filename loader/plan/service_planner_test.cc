// SPDX-License-Identifier: Apache-2.0
//
// Promise: planning only what has changed gives the plan that planning
// everything gives, and names every service port that is otherwise than before.
#include "loader/plan/service_planner.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "loader/plan/health_check_plan.h"
#include "loader/plan/host_port_plan.h"

namespace fairlead::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

IpAddress Ip(const std::string& text) { return *IpAddress::Parse(text); }

// Few names, addresses and ports: Services compete for frontends all the time.
class RandomCluster {
 public:
  explicit RandomCluster(uint32_t seed) : random_(seed) {}

  void Step() {
    switch (Below(4)) {
      case 0:
        store_.Erase({kube::Kind::kService, Name()});
        break;
      case 1:
        store_.Put(kube::AnyObject(std::make_shared<const kube::Service>(AnyService())), "");
        break;
      case 2:
        store_.Erase({kube::Kind::kEndpointSlice, Name()});
        break;
      default:
        store_.Put(kube::AnyObject(std::make_shared<const kube::EndpointSlice>(AnySlice())), "");
    }
  }

  kube::ObjectStore& store() { return store_; }

 private:
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  kube::ObjectName Name() { return {"shop", fmt::format("s{}", Below(8))}; }

  kube::Service AnyService() {
    kube::Service service;
    service.meta.name = Name();
    service.meta.creation_timestamp = fmt::format("2026-01-0{}T00:00:00Z", 1 + Below(4));
    service.type = Below(2) == 0 ? kube::ServiceType::kClusterIp : kube::ServiceType::kNodePort;
    service.cluster_ips = {Ip(fmt::format("10.96.0.{}", 1 + Below(4))),
                           Ip(fmt::format("fd00:96::{}", 1 + Below(4)))};
    if (Below(3) == 0) service.external_ips = {Ip(fmt::format("192.0.2.{}", Below(3)))};
    for (uint32_t i = 0; i <= Below(2); ++i) {
      kube::ServicePort port;
      port.name = fmt::format("p{}", i);
      port.protocol = Below(2) == 0 ? Protocol::kTcp : Protocol::kUdp;
      port.port = static_cast<uint16_t>(80 + Below(2));
      if (service.type == kube::ServiceType::kNodePort) {
        port.node_port = static_cast<uint16_t>(30080 + Below(3));
      }
      service.ports.push_back(port);
    }
    if (Below(3) == 0) service.internal_traffic_policy = kube::TrafficPolicy::kLocal;
    if (Below(3) == 0) service.external_traffic_policy = kube::TrafficPolicy::kLocal;
    return service;
  }

  kube::EndpointSlice AnySlice() {
    kube::EndpointSlice slice;
    slice.meta.name = Name();
    slice.meta.labels.Set(kube::kServiceNameLabel, Name().name);
    const bool is_ip4 = Below(2) == 0;
    slice.address_type = is_ip4 ? kube::AddressType::kIpv4 : kube::AddressType::kIpv6;
    for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp}) {
      for (const char* name : {"p0", "p1"}) slice.ports.push_back({name, protocol, 8080});
    }
    for (uint32_t i = 0; i < Below(4); ++i) {
      kube::SliceEndpoint endpoint;
      endpoint.address = Ip(fmt::format("{}{}", is_ip4 ? "10.1.0." : "fd01::", 1 + Below(6)));
      endpoint.node_name = Below(2) == 0 ? "node1" : "node2";
      slice.endpoints.push_back(endpoint);
    }
    return slice;
  }

  std::mt19937 random_;
  kube::ObjectStore store_;
};

PlanContext Context() {
  return {.node_name = "node1",
          .zone = "",
          .node_port_addresses = {Ip("172.31.0.11"), Ip("fd00:31::11")},
          .node_addresses = {Ip("172.31.0.11"), Ip("fd00:31::11")}};
}

// Pods that want what Services have, too.
ServicePlan HostPorts() {
  return MakeHostPortPlan(
      {{.name_space = "shop",
        .name = "greedy",
        .serial = 1,
        .ip4 = Ip("10.1.0.9"),
        .ip6 = Ip("fd01::9"),
        .ports = {{.host_port = 30080, .container_port = 80, .host_ip = Ip("172.31.0.11")},
                  {.host_port = 30081, .container_port = 80, .host_ip = Ip("192.0.2.99")}}}},
      Context().node_addresses);
}

std::vector<std::string> Texts(const std::vector<PlanProblem>& problems) {
  std::vector<std::string> texts;
  for (const PlanProblem& problem : problems) {
    texts.push_back(fmt::format("{}: {}", problem.object.ToString(), problem.reason));
  }
  std::ranges::sort(texts);
  return texts;
}

std::set<ServicePortName> NamesOfDifferent(const ServicePlan& before, const ServicePlan& after) {
  std::set<ServicePortName> names;
  for (const auto& [one, other] : {std::pair{&before, &after}, std::pair{&after, &before}}) {
    for (const auto& [name, planned] : one->services) {
      const auto found = other->services.find(name);
      if (found == other->services.end() || found->second != planned) names.insert(name);
    }
  }
  return names;
}

class ServicePlannerOf : public ::testing::TestWithParam<uint32_t> {};

TEST_P(ServicePlannerOf, RandomChangesSaysWhatPlanningEverythingSays) {
  RandomCluster cluster(GetParam());
  kube::ObjectStore& store = cluster.store();
  ServicePlanner planner;
  planner.PlanAll(store, Context(), HostPorts());
  HealthCheckPlanner health;
  health.PlanAll(store, "node1");
  int contests = 0;
  for (int round = 0; round < 400; ++round) {
    for (int step = 0; step <= round % 3; ++step) cluster.Step();
    const ServicePlan before = planner.plan();
    const kube::ObjectChanges changes = store.TakeChanges();
    const auto difference = planner.Replan(changes.affected_services, store);
    health.Replan(changes.affected_services, store);

    ServicePlanner anew;
    anew.PlanAll(store, Context(), HostPorts());
    ASSERT_EQ(planner.plan().services, anew.plan().services) << "round " << round;
    ASSERT_EQ(planner.plan().owners, anew.plan().owners) << "round " << round;
    ASSERT_EQ(planner.plan().waiting, anew.plan().waiting) << "round " << round;
    ASSERT_EQ(Texts(planner.plan().problems), Texts(anew.plan().problems)) << "round " << round;
    ASSERT_EQ(difference.names, NamesOfDifferent(before, planner.plan())) << "round " << round;
    ASSERT_EQ(health.plan(), MakeHealthCheckPlan(store, "node1")) << "round " << round;
    contests += planner.plan().waiting.empty() ? 0 : 1;
  }
  EXPECT_GT(contests, 100) << "the cluster is too peaceful to tell";
}

INSTANTIATE_TEST_SUITE_P(Seeds, ServicePlannerOf, ::testing::Range(1U, 9U));

kube::AnyObject Web(const std::string& name, const std::string& created) {
  kube::Service service;
  service.meta.name = {"shop", name};
  service.meta.creation_timestamp = created;
  service.cluster_ips = {Ip("10.96.0.10")};
  service.ports = {{.name = "http", .protocol = Protocol::kTcp, .port = 80}};
  return std::make_shared<const kube::Service>(service);
}

TEST(ServicePlanner, AFrontendPassesToWhoHasWaitedForIt) {
  kube::ObjectStore store;
  store.Put(Web("older", "2026-01-01T00:00:00Z"), "");
  store.Put(Web("younger", "2026-01-02T00:00:00Z"), "");
  ServicePlanner planner;
  planner.PlanAll(store, Context(), {});
  EXPECT_THAT(Texts(planner.plan().problems),
              ElementsAre("Service shop/younger: 10.96.0.10:80/tcp already belongs to Service "
                          "shop/older"));
  store.TakeChanges();
  store.Erase({kube::Kind::kService, {"shop", "older"}});
  const auto difference = planner.Replan(store.TakeChanges().affected_services, store);
  EXPECT_TRUE(difference.in_frontends);
  EXPECT_FALSE(difference.HasDatagrams());
  EXPECT_THAT(planner.plan().problems, IsEmpty());
  ASSERT_EQ(planner.plan().owners.size(), 1u);
  EXPECT_EQ(planner.plan().owners.begin()->second.owner.name.name, "younger");
}

TEST(ServicePlanner, AnOlderOneTakesItsFrontendFromTheYounger) {
  kube::ObjectStore store;
  store.Put(Web("younger", "2026-01-02T00:00:00Z"), "");
  ServicePlanner planner;
  planner.PlanAll(store, Context(), {});
  store.TakeChanges();
  store.Put(Web("older", "2026-01-01T00:00:00Z"), "");
  const auto difference = planner.Replan(store.TakeChanges().affected_services, store);
  EXPECT_EQ(difference.names.size(), 2u);
  EXPECT_EQ(planner.plan().owners.begin()->second.owner.name.name, "older");
}

TEST(ServicePlanner, NothingDiffersWhereNothingHasChanged) {
  kube::ObjectStore store;
  store.Put(Web("web", ""), "");
  ServicePlanner planner;
  EXPECT_TRUE(planner.PlanAll(store, Context(), {}).in_frontends);
  EXPECT_THAT(planner.Replan({{"shop", "web"}, {"shop", "unknown"}}, store).names, IsEmpty());
  EXPECT_THAT(planner.PlanAll(store, Context(), {}).names, IsEmpty());
}

}  // namespace
}  // namespace fairlead::plan
