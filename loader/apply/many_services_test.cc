// SPDX-License-Identifier: Apache-2.0
//
// Promise: a cluster of 50 000 Services with 500 000 endpoints fits where the
// tables were asked to be so big, and what does not fit is named.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/apply/service_tables_fixture.h"
#include "loader/kernel/map_sizes.h"

namespace fairlead::apply {
namespace {

using ::testing::HasSubstr;

constexpr uint32_t kServices = 50'000;
constexpr uint32_t kEndpoints = 10;

IpAddress Numbered(Family family, uint32_t block, uint32_t number) {
  return *IpAddress::Parse(
      family == Family::kIpv4
          ? fmt::format("{}.{}.{}.{}", block, number >> 16, number >> 8 & 0xff, number & 0xff)
          : fmt::format("fd00:{}::{:x}:{:x}", block, number >> 16, number & 0xffff));
}

plan::ServicePlan PlanOf(Family family, uint32_t services) {
  plan::ServicePlan plan;
  for (uint32_t number = 0; number < services; ++number) {
    const plan::Frontend vip{Numbered(family, 96, number), 80, Protocol::kTcp};
    plan::PlannedService service;
    service.frontends = {{.address = vip}};
    for (uint32_t i = 0; i < kEndpoints; ++i) {
      service.backends.push_back(
          {.endpoint = {Numbered(family, 10, number * kEndpoints + i), 8080}, .in_cluster = true});
    }
    plan::AddService(NameOf(vip, fmt::format("s{}", number).c_str()), std::move(service), "", plan);
  }
  return plan;
}

class ManyServices : public ::testing::TestWithParam<Family> {
 protected:
  void Make(const MapSizes& sizes) {
    absl::StatusOr<MapSet> maps = MapSet::Create(sizes, "");
    ASSERT_TRUE(maps.ok()) << maps.status();
    absl::StatusOr<Tables> tables = maps->Open();
    ASSERT_TRUE(tables.ok()) << tables.status();
    tables_ = *std::move(tables);
    absl::StatusOr<ServiceTables> services = ServiceTables::Adopt(tables_);
    ASSERT_TRUE(services.ok()) << services.status();
    services_ = *std::move(services);
  }
  size_t Installed() {
    const auto count = [](const auto& snapshot) { return snapshot.ok() ? snapshot->size() : 0; };
    return GetParam() == Family::kIpv4 ? count(tables_.v4.services.Snapshot())
                                       : count(tables_.v6.services.Snapshot());
  }

  Tables tables_;
  ServiceTables services_;
};

TEST_P(ManyServices, FitIfAskedFor) {
  MapSizes sizes = SizesFor(
      {.flows = 64, .services = kServices, .backends = kServices * kEndpoints}, 1ULL << 30);
  sizes.half_open_buckets = 16;
  Make(sizes);
  plan::ServicePlan plan = PlanOf(GetParam(), kServices);
  ASSERT_TRUE(services_.Apply(plan).ok());
  EXPECT_EQ(Installed(), kServices);

  const plan::ServicePortName one = plan.services.begin()->first;
  plan.services.at(one).backends.pop_back();
  EXPECT_TRUE(services_.ApplyOnly({one}, plan).ok());

  const absl::Status status = services_.Apply(PlanOf(GetParam(), kServices + 1));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("service shop/s"));
  EXPECT_EQ(Installed(), kServices) << "all the others are served";
}

INSTANTIATE_TEST_SUITE_P(Both, ManyServices, ::testing::Values(Family::kIpv4, Family::kIpv6),
                         [](const auto& test) {
                           return test.param == Family::kIpv4 ? "IPv4" : "IPv6";
                         });

TEST_F(ServicesInTables, AFrontendThatFindsNoRoomIsNamed) {
  plan::ServicePlan plan = PlanOf(Family::kIpv4, 5);
  for (auto& [name, service] : plan.services) service.backends.resize(1);
  const absl::Status status = services_.Apply(plan);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(
      std::string(status.message()),
      HasSubstr("1 services not applied as asked: service shop/s4: table services4 is full (4 "
                "entries): no room for 96.0.0.4:80/tcp, see --max-services"));
}

}  // namespace
}  // namespace fairlead::apply
