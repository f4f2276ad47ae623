// SPDX-License-Identifier: Apache-2.0
//
// Contract A7.36: marks of packets.
#include <gtest/gtest.h>

#include "maps/abi/limits_abi.h"

namespace fairlead::contract {
namespace {

constexpr unsigned kMasquerade = 0x4000;  // kube-proxy's and kubelet's
constexpr unsigned kDrop = 0x8000;        // kubelet's of earlier days
constexpr unsigned kPortmap = 0x2000;     // of the CNI plugin

TEST(A7, A7_36_ours_are_nobody_elses) {
  for (const unsigned mark : {FL_MARK_DONE, FL_MARK_IN_ORDER}) {
    EXPECT_EQ(mark & (kMasquerade | kDrop | kPortmap), 0u);
  }
}

}  // namespace
}  // namespace fairlead::contract
