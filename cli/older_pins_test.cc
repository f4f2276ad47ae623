// SPDX-License-Identifier: Apache-2.0
//
// Promise: tables that an older version has pinned, with counters of fewer hooks,
// are read as they are, and made anew by the next daemon.
#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "cli/scratch_pins.h"
#include "maps/abi/verdict_abi.h"
#include "maps/counter/verdict_counters.h"

namespace fairlead::cli {
namespace {

using ::fairlead::testing::ScratchPins;

class OlderPins : public ::testing::Test {
 protected:
  static constexpr uint32_t kFewer = FL_COUNTER_INDEX(HOOK_FROM_WIRE, 4, 0);

  void SetUp() override {
    pins_.MakeMaps();
    Replace("counters", BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(counter), kFewer);
  }
  void Replace(const std::string& name, bpf_map_type type, uint32_t value_size, uint32_t entries) {
    const UniqueFd map(
        bpf_map_create(type, name.c_str(), sizeof(uint32_t), value_size, entries, nullptr));
    ASSERT_TRUE(map.ok());
    const std::string pin = pins_.pins() + "/" + name;
    ASSERT_EQ(::unlink(pin.c_str()), 0);
    ASSERT_EQ(bpf_obj_pin(map.get(), pin.c_str()), 0);
  }
  uint32_t PinnedCounters() const {
    const absl::StatusOr<BpfMap> map = BpfMap::OpenPinned(pins_.pins() + "/counters");
    return map.ok() ? map->max_entries() : 0;
  }

  ScratchPins pins_;
};

TEST_F(OlderPins, CountersThatAreNotThereAreZero) {
  const absl::StatusOr<Tables> tables = OpenPinnedTables(pins_.pins());
  ASSERT_TRUE(tables.ok()) << tables.status();
  const auto counts = ReadAllVerdictCounts(*tables);
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->back().hook, uint32_t{HOOK_ON_CONNECT});
  EXPECT_EQ(counts->back().packets, 0U);
}

TEST_F(OlderPins, TheNextDaemonMakesCountersAnew) {
  EXPECT_EQ(PinnedCounters(), kFewer);
  const absl::StatusOr<MapSet> maps = MapSet::Create(ScratchPins::kSmall, pins_.pins());
  ASSERT_TRUE(maps.ok()) << maps.status();
  EXPECT_EQ(PinnedCounters(), uint32_t{FL_COUNTERS});
}

TEST_F(OlderPins, AnotherTableOfAnotherSizeIsRefusedByName) {
  Replace("service_ports4", BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), 8);
  const absl::StatusOr<MapSet> maps = MapSet::Create(ScratchPins::kSmall, pins_.pins());
  ASSERT_FALSE(maps.ok());
  EXPECT_NE(std::string(maps.status().message()).find("service_ports4"), std::string::npos)
      << maps.status();
}

}  // namespace
}  // namespace fairlead::cli
