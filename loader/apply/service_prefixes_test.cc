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

}  // namespace
}  // namespace fairlead::apply
