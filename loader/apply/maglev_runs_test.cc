// SPDX-License-Identifier: Apache-2.0
//
// Promise: a Maglev service's run is its table. It is written when its backends
// change, and only then; without room for it the service is served all the same.
#include <gtest/gtest.h>

#include <set>

#include "loader/apply/service_tables_fixture.h"

namespace fairlead::apply {
namespace {

class MaglevRuns : public ServicesInTables {
 protected:
  // Room for two tables of the smallest size, and a little.
  MapSizes Sizes() const override {
    MapSizes sizes = kSmall;
    sizes.runs = 2100;
    return sizes;
  }
  static plan::PlannedService Maglev(std::vector<plan::PlannedBackend> backends,
                                     const plan::Frontend& frontend = kWeb4) {
    plan::PlannedService service = Service(std::move(backends), frontend);
    service.algorithm = plan::Algorithm::kMaglev;
    return service;
  }
  std::vector<uint32_t> Table(const plan::Frontend& frontend = kWeb4) {
    const service entry = Find(frontend);
    std::vector<uint32_t> table;
    for (uint32_t i = 0; i < entry.count; ++i) table.push_back(tables_.v4.runs[entry.first + i]);
    return table;
  }
  static plan::Frontend Other(uint16_t port) { return {kWeb4.vip, port, Protocol::kTcp}; }

  const std::vector<plan::PlannedBackend> two_ = {Backend("10.1.0.2", 1), Backend("10.1.0.3", 1)};
};

TEST_F(MaglevRuns, TheRunIsTheTable) {
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Maglev(two_)).ok());
  EXPECT_EQ(Find(kWeb4).flags & SERVICE_BY_HASH, SERVICE_BY_HASH);
  const std::vector<uint32_t> wanted =
      plan::MakeMaglevTable({{two_[0].endpoint, 1}, {two_[1].endpoint, 1}}, plan::MaglevSizeFor(2));
  EXPECT_EQ(Table(), wanted);  // the first two numbers are 0 and 1
}

TEST_F(MaglevRuns, ItsSizeIsTheOneThatWasAskedFor) {
  plan::PlannedService service = Maglev(two_);
  service.maglev_size = 13;
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), service).ok());
  EXPECT_EQ(Find(kWeb4).count, 13U);
}

TEST_F(MaglevRuns, ItStaysWhereItIsUntilItsBackendsChange) {
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Maglev(two_)).ok());
  const service before = Find(kWeb4);
  ASSERT_TRUE(services_.Put(NameOf(Other(81), "other"), Maglev({two_[0]}, Other(81))).ok());
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Maglev(two_)).ok());
  services_.Settle();
  EXPECT_EQ(Find(kWeb4).first, before.first);
  ASSERT_TRUE(services_.Remove(NameOf(Other(81), "other")).ok());
  services_.Settle();
  std::vector<plan::PlannedBackend> heavier = two_;
  heavier[1].weight = 2;
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Maglev(heavier)).ok());
  EXPECT_NE(Find(kWeb4).first, before.first);
  EXPECT_EQ(
      tables_.v4.backends[Table().front()].weight + tables_.v4.backends[1 - Table().front()].weight,
      3);
}

TEST_F(MaglevRuns, ARestartLeavesItWhereItIs) {
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Maglev(two_)).ok());
  ASSERT_TRUE(services_.Put(NameOf(Other(81), "other"), Maglev({two_[0]}, Other(81))).ok());
  const service before = Find(kWeb4);
  tables_.v4.backend_flows[0] = 7;
  Restart();
  plan::ServicePlan plan;
  plan.services[NameOf(kWeb4)] = Maglev(two_);
  plan.services[NameOf(Other(81), "other")] = Maglev({two_[0]}, Other(81));
  ASSERT_TRUE(services_.Apply(plan).ok());
  EXPECT_EQ(Find(kWeb4).first, before.first);
  ASSERT_TRUE(services_.Apply(plan).ok());
  EXPECT_EQ(Find(kWeb4).first, before.first);
  EXPECT_EQ(Find(Other(81)).count, 1021U);
  EXPECT_EQ(tables_.v4.backend_flows[0], 7U);  // counted on while nobody was here
}

TEST_F(MaglevRuns, WithoutRoomItIsServedAtRandomAndSaidSo) {
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Maglev(two_)).ok());
  ASSERT_TRUE(services_.Put(NameOf(Other(81), "other"), Maglev(two_, Other(81))).ok());
  const absl::Status status = services_.Put(NameOf(Other(82), "third"), Maglev(two_, Other(82)));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(std::string(status.message()).find("shop/third is balanced at random"),
            std::string::npos)
      << status;
  EXPECT_EQ(Find(Other(82)).flags & SERVICE_BY_HASH, 0U);
  EXPECT_EQ(Find(Other(82)).count, 2U);
  // Room again: the table comes.
  ASSERT_TRUE(services_.Remove(NameOf(kWeb4)).ok());
  services_.Settle();
  ASSERT_TRUE(services_.Put(NameOf(Other(82), "third"), Maglev(two_, Other(82))).ok());
  EXPECT_EQ(Find(Other(82)).count, 1021U);
}

TEST_F(MaglevRuns, WithMoreEndpointsThanThereIsRoomForItStaysAsItWas) {
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Maglev(two_)).ok());
  const service before = Find(kWeb4);
  std::vector<plan::PlannedBackend> many;
  for (uint16_t port = 1; port <= 9; ++port) many.push_back(Backend("10.1.0.2", port));
  EXPECT_EQ(services_.Put(NameOf(kWeb4), Maglev(many)).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Find(kWeb4).first, before.first);
  EXPECT_EQ(Find(kWeb4).flags, before.flags);
}

TEST_F(MaglevRuns, AnotherAlgorithmGivesTheTableBack) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(services_.Put(NameOf(kWeb4), Maglev(two_)).ok());
    ASSERT_TRUE(services_.Put(NameOf(kWeb4), Service(two_)).ok());
    services_.Settle();
    EXPECT_EQ(Find(kWeb4).count, 2U);
  }
}

}  // namespace
}  // namespace fairlead::apply
