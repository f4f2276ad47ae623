// SPDX-License-Identifier: Apache-2.0
//
// NetworkPolicy: a recorded one, what an absent field means, and each mistake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "loader/kube/parse.h"

namespace fairlead::kube {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::StatusOr<NetworkPolicy> PolicyOf(const char* spec) {
  const json object = {{"metadata", {{"name", "x"}, {"namespace", "shop"}}},
                       {"spec", json::parse(spec)}};
  return ParseNetworkPolicy(object);
}

LabelSelector Labels(const char* key, const char* value) { return {{{key, value}}, {}}; }

TEST(NetworkPolicyParser, ReadsEveryField) {
  const auto parsed = PolicyOf(R"({
    "podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress", "Egress"],
    "ingress": [{"ports": [{"protocol": "TCP", "port": 5432}, {"port": 9000, "endPort": 9100},
                           {"protocol": "UDP", "port": "dns"}, {"protocol": "SCTP"}],
                 "from": [{"podSelector": {"matchLabels": {"app": "web"}}},
                          {"namespaceSelector": {}},
                          {"podSelector": {"matchExpressions": [
                             {"key": "app", "operator": "In", "values": ["a", "b"]},
                             {"key": "old", "operator": "DoesNotExist"}]},
                           "namespaceSelector": {"matchLabels": {"team": "ops"}}}]}],
    "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}, {}]})");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  NetworkPolicy expected;
  expected.meta.name = {"shop", "x"};
  expected.pods = Labels("app", "db");
  expected.isolates_egress = true;
  PolicyRule ingress;
  ingress.ports = {{Protocol::kTcp, "", 5432, 0},
                   {Protocol::kTcp, "", 9000, 9100},
                   {Protocol::kUdp, "dns", 0, 0},
                   {Protocol::kSctp, "", 0, 0}};
  ingress.peers = {{Labels("app", "web"), {}, {}},
                   {{}, LabelSelector(), {}},
                   {LabelSelector{{},
                                  {{"app", LabelOperator::kIn, {"a", "b"}},
                                   {"old", LabelOperator::kDoesNotExist, {}}}},
                    Labels("team", "ops"),
                    {}}};
  expected.ingress = {ingress};
  PolicyRule egress;
  egress.peers = {{{}, {}, IpBlock{*Cidr::Parse("0.0.0.0/0"), {*Cidr::Parse("10.0.0.0/8")}}}};
  expected.egress = {egress, {}};
  EXPECT_TRUE(*parsed == expected);
}

TEST(NetworkPolicyParser, PolicyTypesAreFilledInAsTheServerDoes) {
  struct Case {
    const char* spec;
    bool ingress;
    bool egress;
  };
  for (const Case& one : {Case{R"({})", true, false}, Case{R"({"egress": [{}]})", true, true},
                          Case{R"({"policyTypes": ["Egress"]})", false, true},
                          Case{R"({"policyTypes": ["Ingress"], "egress": [{}]})", true, false},
                          Case{R"({"policyTypes": [], "egress": []})", true, false}}) {
    const auto policy = PolicyOf(one.spec);
    ASSERT_TRUE(policy.ok()) << policy.status();
    EXPECT_EQ(policy->isolates_ingress, one.ingress) << one.spec;
    EXPECT_EQ(policy->isolates_egress, one.egress) << one.spec;
  }
}

struct Mistake {
  const char* spec;
  const char* message;
};

class NetworkPolicyMistake : public ::testing::TestWithParam<Mistake> {};

TEST_P(NetworkPolicyMistake, IsNamedByItsField) {
  EXPECT_EQ(PolicyOf(GetParam().spec).status().message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    OfEveryKind, NetworkPolicyMistake,
    ::testing::Values(
        Mistake{R"({"policyTypes": ["Both"]})",
                "spec.policyTypes[0]: must be one of Ingress, Egress, is \"Both\""},
        Mistake{R"({"podSelector": {"matchExpressions": [{"key": "a"}]}})",
                "spec.podSelector.matchExpressions[0].operator: is required"},
        Mistake{R"({"podSelector": {"matchExpressions": [{"operator": "Exists"}]}})",
                "spec.podSelector.matchExpressions[0].key: is required"},
        Mistake{R"({"podSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}})",
                "spec.podSelector.matchExpressions[0].values: must hold a value"},
        Mistake{R"({"podSelector": {"matchExpressions":
                    [{"key": "a", "operator": "Exists", "values": ["b"]}]}})",
                "spec.podSelector.matchExpressions[0].values: must be empty, as the operator is "
                "Exists"},
        Mistake{R"({"podSelector": {"matchLabels": {"a": 1}}})",
                "spec.podSelector.matchLabels.a: must be a string, is a number"},
        Mistake{R"({"ingress": [{"from": [{}]}]})", "spec.ingress[0].from[0]: must name a peer"},
        Mistake{
            R"({"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]}]})",
            "spec.ingress[0].from[0].ipBlock: cannot be beside a selector"},
        Mistake{R"({"egress": [{"to": [{"ipBlock": {}}]}]})",
                "spec.egress[0].to[0].ipBlock.cidr: is required"},
        Mistake{R"({"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8",
                    "except": ["11.0.0.0/16"]}}]}]})",
                "spec.egress[0].to[0].ipBlock.except[0]: must lie inside of 10.0.0.0/8, is "
                "11.0.0.0/16"},
        Mistake{R"({"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8",
                    "except": ["10.0.0.0/8"]}}]}]})",
                "spec.egress[0].to[0].ipBlock.except[0]: must lie inside of 10.0.0.0/8, is "
                "10.0.0.0/8"},
        Mistake{R"({"egress": [{"ports": [{"port": 70000}]}]})",
                "spec.egress[0].ports[0].port: must be 1-65535, is 70000"},
        Mistake{R"({"egress": [{"ports": [{"port": ""}]}]})",
                "spec.egress[0].ports[0].port: is required"},
        Mistake{R"({"egress": [{"ports": [{"port": "http", "endPort": 80}]}]})",
                "spec.egress[0].ports[0].endPort: needs a port that is a number"},
        Mistake{R"({"egress": [{"ports": [{"port": 80, "endPort": 79}]}]})",
                "spec.egress[0].ports[0].endPort: must not be less than the port, 80"}));

}  // namespace
}  // namespace fairlead::kube
