// SPDX-License-Identifier: Apache-2.0
#include "loader/kernel/programs.h"

#include <gtest/gtest.h>

#include "loader/kernel/clock.h"
#include "maps/layout.h"

namespace fairlead {
namespace {

constexpr MapSizes kSmall = {
    .flows = 64, .half_open_buckets = 16, .services = 16, .runs = 64, .backends = 64};

TEST(EveryProgram, LoadsUnderEveryCornerOfTheConfiguration) {
  const absl::StatusOr<MapSet> maps = MapSet::Create(kSmall, "");
  ASSERT_TRUE(maps.ok()) << maps.status();
  for (int corner = 0; corner < 16; ++corner) {
    HookOptions options;
    options.masquerade = (corner & 1) != 0;
    options.record_verdicts = (corner & 2) != 0;
    options.default_deny = (corner & 4) != 0;
    options.test_seed = (corner & 8) != 0 ? 1 : 0;
    const absl::StatusOr<Programs> programs = Programs::Load(*maps, options);
    ASSERT_TRUE(programs.ok()) << "corner " << corner << ": " << programs.status();
  }
}

TEST(EveryProgram, LoadsWithoutPortsToMasqueradeWith) {
  const absl::StatusOr<MapSet> maps = MapSet::Create(kSmall, "");
  ASSERT_TRUE(maps.ok()) << maps.status();
  HookOptions options;
  options.snat_ports = 0;
  EXPECT_TRUE(Programs::Load(*maps, options).ok());
}

TEST(Layouts, AreTheSameInBtfAndInCpp) {
  const absl::StatusOr<MapSet> maps = MapSet::Create(kSmall, "");
  ASSERT_TRUE(maps.ok()) << maps.status();
  for (const auto& [name, map] : maps->maps()) {
    EXPECT_TRUE(CheckMapLayout(map).ok()) << CheckMapLayout(map);
  }
}

TEST(Clock, GoesForwardInJiffies) {
  const absl::StatusOr<FlowClock> clock = FlowClock::Load();
  ASSERT_TRUE(clock.ok()) << clock.status();
  const absl::StatusOr<uint32_t> first = clock->Now();
  const absl::StatusOr<uint32_t> second = clock->Now();
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_LE(*second - *first, 60 * JiffiesPerSecond());
}

}  // namespace
}  // namespace fairlead
