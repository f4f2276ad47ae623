// SPDX-License-Identifier: Apache-2.0
//
// Promise: an address of a Service is in `prefixes` unless the node, or another, has it too.
#include <gtest/gtest.h>

#include "loader/apply/node_tables.h"
#include "loader/apply/prefix_key.h"
#include "loader/apply/service_tables_fixture.h"

namespace fairlead::apply {
namespace {

class PrefixesOfServices : public ServicesInTables {
 protected:
  void SetUp() override {
    ServicesInTables::SetUp();
    plan::AddService(NameOf(kWeb4), Service({Backend("10.1.0.2", 1)}), "", plan_);
  }
  void NodeHas(const std::vector<IpAddress>& addresses) {
    NodeFacts facts;
    facts.local_addresses = addresses;
    facts.masquerade.direct = direct_;
    absl::StatusOr<NodeTables> nodes = NodeTables::Adopt(tables_);
    ASSERT_TRUE(nodes.ok() && nodes->Apply(facts).ok());
  }
  uint32_t KindOf(const Cidr& block) {
    const auto found = tables_.v4.prefixes.Find(PrefixKeyOf<Abi4>(block));
    return found.ok() && found->has_value() ? (*found)->kind : 0;
  }

  std::vector<Cidr> direct_;
  plan::ServicePlan plan_;
  const Cidr vip_ = Cidr::Of(kWeb4.vip);
};

// As kube-proxy's IPVS mode gives all of them to a device, which goes after it.
TEST_F(PrefixesOfServices, AnAddressThatTheNodeGivesUpIsTheServicesAgain) {
  NodeHas({kWeb4.vip});
  ASSERT_TRUE(services_.Apply(plan_).ok());
  EXPECT_EQ(KindOf(vip_), uint32_t{PREFIX_HOST});
  NodeHas({});
  ASSERT_TRUE(services_.Apply(plan_).ok());
  EXPECT_EQ(KindOf(vip_), uint32_t{PREFIX_SERVICE});
  // It comes and goes.
  NodeHas({kWeb4.vip});
  NodeHas({});
  ASSERT_TRUE(services_.Apply(plan_).ok());
  EXPECT_EQ(KindOf(vip_), uint32_t{PREFIX_SERVICE});
}

TEST_F(PrefixesOfServices, AnAddressThatTheNodeGivesUpMeanwhileIsTheServicesAfterARestart) {
  NodeHas({kWeb4.vip});
  ASSERT_TRUE(services_.Apply(plan_).ok());
  Restart();
  NodeHas({});
  ASSERT_TRUE(services_.Apply(plan_).ok());
  EXPECT_EQ(KindOf(vip_), uint32_t{PREFIX_SERVICE});
  ASSERT_TRUE(services_.Apply({}).ok());
  EXPECT_EQ(KindOf(vip_), 0U);
}

// As --non-masquerade-cidrs=10.0.0.0/8 is.
TEST_F(PrefixesOfServices, ABlockAroundThemIsNotInTheirWay) {
  const Cidr service_cidr = *Cidr::Parse("10.96.0.0/12");
  const Cidr nobody = *Cidr::Parse("10.96.0.99/32");
  direct_ = {*Cidr::Parse("10.0.0.0/8")};
  plan_.service_cidrs = {service_cidr};
  NodeHas({});
  ASSERT_TRUE(services_.Apply(plan_).ok());
  EXPECT_EQ(KindOf(vip_), uint32_t{PREFIX_SERVICE});
  EXPECT_EQ(KindOf(nobody), uint32_t{PREFIX_SERVICE_CIDR});
}

// As nonMasqueradeCIDRs of ip-masq-agent's file often name it, among others.
class BlocksWherePodsKeepTheirAddresses : public PrefixesOfServices {
 protected:
  void SetUp() override {
    PrefixesOfServices::SetUp();
    plan_.service_cidrs = {service_cidr_};
  }
  // As a change of the nodes or of the file, which plans no Service anew.
  void NodesChange(const std::vector<const char*>& direct) {
    direct_.clear();
    for (const char* block : direct) direct_.push_back(*Cidr::Parse(block));
    NodeHas({});
    ASSERT_TRUE(services_.KeepPrefixes().ok());
  }

  const Cidr service_cidr_ = *Cidr::Parse("10.96.0.0/12");
};

TEST_F(BlocksWherePodsKeepTheirAddresses, DoNotStandForTheServiceCidrWhicheverComesFirst) {
  NodesChange({"10.96.0.0/12"});
  EXPECT_EQ(KindOf(service_cidr_), uint32_t{PREFIX_DIRECT});
  ASSERT_TRUE(services_.Apply(plan_).ok());
  EXPECT_EQ(KindOf(service_cidr_), uint32_t{PREFIX_SERVICE_CIDR});
  NodesChange({"10.96.0.0/12"});
  EXPECT_EQ(KindOf(service_cidr_), uint32_t{PREFIX_SERVICE_CIDR});
  NodesChange({});
  EXPECT_EQ(KindOf(service_cidr_), uint32_t{PREFIX_SERVICE_CIDR});
  NodesChange({"10.96.0.0/12"});
  ASSERT_TRUE(services_.Apply({}).ok());
  NodesChange({"10.96.0.0/12"});
  EXPECT_EQ(KindOf(service_cidr_), uint32_t{PREFIX_DIRECT}) << "nobody else is there now";
}

TEST_F(BlocksWherePodsKeepTheirAddresses, InsideOfTheServiceCidrAreTheServices) {
  ASSERT_TRUE(services_.Apply(plan_).ok());
  NodesChange({"10.96.0.0/16", "10.96.0.10/32"});
  EXPECT_EQ(KindOf(*Cidr::Parse("10.96.0.99/32")), uint32_t{PREFIX_SERVICE_CIDR});
  EXPECT_EQ(KindOf(vip_), uint32_t{PREFIX_SERVICE});
}

TEST_F(BlocksWherePodsKeepTheirAddresses, OneWithinAnotherTakesNothingFromServices) {
  NodesChange({"10.0.0.0/8", "10.96.0.0/12"});
  EXPECT_EQ(KindOf(*Cidr::Parse("10.1.0.0/16")), uint32_t{PREFIX_DIRECT});
  ASSERT_TRUE(services_.Apply(plan_).ok());
  EXPECT_EQ(KindOf(service_cidr_), uint32_t{PREFIX_SERVICE_CIDR});
  NodeHas({});
  EXPECT_EQ(KindOf(service_cidr_), uint32_t{PREFIX_SERVICE_CIDR}) << "not even for a moment";
}

// Its other ports are the world's, and pods keep their addresses there.
TEST_F(BlocksWherePodsKeepTheirAddresses, StayAtAVirtualIp) {
  const plan::Frontend external{*IpAddress::Parse("203.0.113.10"), 80, Protocol::kTcp};
  plan::PlannedService& web = plan_.services.begin()->second;
  web.frontends = {{.address = external, .kind = plan::FrontendKind::kExternalIp}};
  const Cidr vip = Cidr::Of(external.vip);
  ASSERT_TRUE(services_.Apply(plan_).ok());
  NodesChange({"203.0.113.10/32"});
  EXPECT_EQ(KindOf(vip), uint32_t{PREFIX_DIRECT});
  NodesChange({"203.0.113.0/24", "203.0.113.10/32"});
  EXPECT_EQ(KindOf(vip), uint32_t{PREFIX_VIRTUAL_IP}) << "the /24 says all that is to be said";
  NodeHas({});
  EXPECT_EQ(KindOf(vip), uint32_t{PREFIX_VIRTUAL_IP}) << "not even for a moment";
  NodesChange({});
  EXPECT_EQ(KindOf(vip), uint32_t{PREFIX_VIRTUAL_IP});
}

}  // namespace
}  // namespace fairlead::apply
