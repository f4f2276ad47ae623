// SPDX-License-Identifier: Apache-2.0
//
// Annotations as a user writes them → how backends are chosen, and what is told
// about those that are wrong.
#include "loader/plan/algorithm.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/kube/store_fixture.h"
#include "loader/plan/service_plan.h"

namespace fairlead::plan {
namespace {

// A Service of two slices: 10.1.0.1 and 10.1.0.2 in the first, 10.1.0.2 and 10.1.0.3 in the second.
ServicePlan Plan(const std::string& service, const std::string& first, const std::string& second,
                 const PlanContext& context) {
  const std::string yaml = fmt::format(R"(
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop, annotations: {{{}}}}}
spec: {{clusterIP: 10.96.0.10, ports: [{{port: 80}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: one, namespace: shop, labels: {{kubernetes.io/service-name: web}}, annotations: {{{}}}}}
addressType: IPv4
ports: [{{port: 8080}}]
endpoints: [{{addresses: [10.1.0.1]}}, {{addresses: [10.1.0.2]}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: two, namespace: shop, labels: {{kubernetes.io/service-name: web}}, annotations: {{{}}}}}
addressType: IPv4
ports: [{{port: 8080}}]
endpoints: [{{addresses: [10.1.0.2]}}, {{addresses: [10.1.0.3]}}]
)",
                                       service, first, second);
  const kube::ObjectStore store = kube::StoreOf(yaml);
  return MakeServicePlan(store.services(), store.endpoint_slices(), context);
}

struct Case {
  const char* name;
  const char* service;    // annotations
  const char* slices[2];  // the same
  Algorithm otherwise;    // the node's default
  Algorithm algorithm;    // what comes out
  std::vector<uint32_t> weights;
  std::vector<std::string> problems;
};

void PrintTo(const Case& c, std::ostream* os) { *os << c.name; }

class Annotations : public ::testing::TestWithParam<Case> {};

TEST_P(Annotations, SayHowBackendsAreChosen) {
  const Case& c = GetParam();
  const ServicePlan plan = Plan(c.service, c.slices[0], c.slices[1],
                                {.node_name = "n", .zone = "", .algorithm = c.otherwise});
  ASSERT_EQ(plan.services.size(), 1U);
  const PlannedService& service = plan.services.begin()->second;
  EXPECT_EQ(service.algorithm, c.algorithm);
  std::vector<uint32_t> weights;
  for (const PlannedBackend& backend : service.backends) weights.push_back(backend.weight);
  EXPECT_EQ(weights, c.weights);
  std::vector<std::string> problems;
  for (const PlanProblem& problem : plan.problems) {
    problems.push_back(fmt::format("{}: {}", problem.object.ToString(), problem.reason));
  }
  EXPECT_EQ(problems, c.problems);
}

constexpr char kMaglev[] = "fairlead.dev/algorithm: maglev";
constexpr char kLeast[] = "fairlead.dev/algorithm: least-connections";

INSTANTIATE_TEST_SUITE_P(
    All, Annotations,
    ::testing::ValuesIn(std::vector<Case>{
        {"None", "", {"", ""}, Algorithm::kRandom, Algorithm::kRandom, {1, 1, 1}, {}},
        {"NoneByFlag", "", {"", ""}, Algorithm::kMaglev, Algorithm::kMaglev, {1, 1, 1}, {}},
        {"Maglev", kMaglev, {"", ""}, Algorithm::kRandom, Algorithm::kMaglev, {1, 1, 1}, {}},
        {"Least",
         kLeast,
         {"", ""},
         Algorithm::kMaglev,
         Algorithm::kLeastConnections,
         {1, 1, 1},
         {}},
        {"RandomAgainstTheFlag",
         "fairlead.dev/algorithm: random",
         {"", ""},
         Algorithm::kMaglev,
         Algorithm::kRandom,
         {1, 1, 1},
         {}},
        {"Unknown",
         "fairlead.dev/algorithm: Maglev",
         {"", ""},
         Algorithm::kLeastConnections,
         Algorithm::kLeastConnections,
         {1, 1, 1},
         {"Service shop/web: fairlead.dev/algorithm is \"Maglev\", must be random, maglev or "
          "least-connections"}},
        {"WeightsAndTheLargerOfTwo",
         kMaglev,
         {"fairlead.dev/weight: \"3\"", "fairlead.dev/weight: \"2\""},
         Algorithm::kRandom,
         Algorithm::kMaglev,
         {3, 3, 2},
         {}},
        {"TheLargerIsInTheSecondSlice",
         kLeast,
         {"", "fairlead.dev/weight: \"100\""},
         Algorithm::kRandom,
         Algorithm::kLeastConnections,
         {1, 100, 100},
         {}},
        {"WeightsWithoutUse",
         "",
         {"fairlead.dev/weight: \"3\"", ""},
         Algorithm::kRandom,
         Algorithm::kRandom,
         {3, 3, 1},
         {"Service shop/web: EndpointSlice shop/one: fairlead.dev/weight: this Service chooses at "
          "random, "
          "without "
          "weights"}},
        {"WeightsOutOfBounds",
         kMaglev,
         {"fairlead.dev/weight: \"0\"", "fairlead.dev/weight: \"101\""},
         Algorithm::kRandom,
         Algorithm::kMaglev,
         {1, 1, 1},
         {"Service shop/web: EndpointSlice shop/one: fairlead.dev/weight is \"0\", must be a "
          "number from 1 to 100",
          "Service shop/web: EndpointSlice shop/two: fairlead.dev/weight is \"101\", must be a "
          "number from 1 to "
          "100"}},
        {"NoNumber",
         kMaglev,
         {"fairlead.dev/weight: heavy", ""},
         Algorithm::kRandom,
         Algorithm::kMaglev,
         {1, 1, 1},
         {"Service shop/web: EndpointSlice shop/one: fairlead.dev/weight is \"heavy\", must be a "
          "number from 1 to "
          "100"}},
    }),
    [](const auto& test) { return std::string(test.param.name); });

TEST(AlgorithmOfANode, TheSizeOfTablesIsTheNodes) {
  const ServicePlan plan = Plan("", "", "", {.node_name = "n", .zone = "", .maglev_size = 4093});
  EXPECT_EQ(plan.services.begin()->second.maglev_size, 4093U);
}

}  // namespace
}  // namespace fairlead::plan
