// SPDX-License-Identifier: Apache-2.0
//
// Promise: every node makes the same table, shares follow the weights, and one
// backend that comes or goes moves little but its own share.
#include "loader/plan/maglev_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace fairlead::plan {
namespace {

using Backends = std::vector<WeightedEndpoint>;

Endpoint Nth(uint64_t n, Family family = Family::kIpv4) {
  const char* const base = family == Family::kIpv4 ? "10.244.0.1" : "fd00:244::1";
  return {IpAddress::Parse(base)->Plus(n), 8080};
}

Backends Many(uint64_t count, Family family = Family::kIpv4) {
  Backends backends;
  for (uint64_t n = 0; n < count; ++n) backends.push_back({Nth(n, family), 1});
  return backends;
}

Backends Without(Backends backends, size_t index) {
  backends.erase(backends.begin() + static_cast<ptrdiff_t>(index));
  return backends;
}

// Entries by backend.
std::map<Endpoint, uint32_t> Shares(const Backends& backends, const std::vector<uint32_t>& table) {
  std::map<Endpoint, uint32_t> shares;
  for (const uint32_t index : table) ++shares[backends.at(index).endpoint];
  return shares;
}

// How much of the table moves from one backend that stays to another, when `before` loses or
// `after` has gained one: what no consistent hash needs to do.
double NeedlesslyMoved(const Backends& before, const Backends& after, uint32_t size) {
  const auto has = [](const Backends& backends, const Endpoint& endpoint) {
    return std::ranges::find(backends, endpoint, &WeightedEndpoint::endpoint) != backends.end();
  };
  const std::vector<uint32_t> old_table = MakeMaglevTable(before, size);
  const std::vector<uint32_t> new_table = MakeMaglevTable(after, size);
  uint32_t moved = 0;
  for (uint32_t i = 0; i < size; ++i) {
    const Endpoint& from = before[old_table[i]].endpoint;
    const Endpoint& to = after[new_table[i]].endpoint;
    moved += from != to && has(after, from) && has(before, to) ? 1 : 0;
  }
  return static_cast<double>(moved) / size;
}

bool IsPrime(uint32_t number) {
  for (uint32_t divisor = 2; uint64_t{divisor} * divisor <= number; ++divisor) {
    if (number % divisor == 0) return false;
  }
  return number > 1;
}

TEST(MaglevTable, SizesArePrimesWithAHundredEntriesPerBackend) {
  for (const uint32_t size : MaglevSizes()) EXPECT_TRUE(IsPrime(size)) << size;
  EXPECT_EQ(MaglevSizeFor(1), 1021U);
  EXPECT_EQ(MaglevSizeFor(10), 1021U);
  EXPECT_EQ(MaglevSizeFor(11), 4093U);
  EXPECT_EQ(MaglevSizeFor(655), 65521U);
  EXPECT_EQ(MaglevSizeFor(100000), 65521U);
}

TEST(MaglevTable, EveryEntryHasABackendAndSharesAreEven) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    for (const uint64_t count : {1U, 2U, 3U, 10U, 100U, 655U}) {
      const Backends backends = Many(count, family);
      const uint32_t size = MaglevSizeFor(count);
      const auto shares = Shares(backends, MakeMaglevTable(backends, size));
      ASSERT_EQ(shares.size(), count);
      for (const auto& [endpoint, entries] : shares) {
        EXPECT_NEAR(entries, static_cast<double>(size) / static_cast<double>(count), 1) << count;
      }
    }
  }
}

TEST(MaglevTable, SharesFollowTheWeights) {
  Backends backends = Many(4);
  backends[1].weight = 3;
  backends[2].weight = 6;
  backends[3].weight = 100;
  const auto shares = Shares(backends, MakeMaglevTable(backends, 65521));
  for (const WeightedEndpoint& backend : backends) {
    EXPECT_NEAR(shares.at(backend.endpoint), 65521.0 * backend.weight / 110, 3);
  }
}

TEST(MaglevTable, MoreBackendsThanEntriesLeaveSomeWithoutOne) {
  EXPECT_EQ(Shares(Many(2000), MakeMaglevTable(Many(2000), 1021)).size(), 1021U);
}

// Nodes of other versions must agree: this may never change.
TEST(MaglevTable, IsTheSameEverywhereAndForever) {
  Backends backends = Many(3);
  EXPECT_EQ(MakeMaglevTable(backends, 13),
            (std::vector<uint32_t>{0, 2, 0, 0, 2, 1, 1, 0, 2, 2, 1, 1, 0}));
  backends[1].weight = 2;
  EXPECT_EQ(MakeMaglevTable(backends, 13),
            (std::vector<uint32_t>{0, 2, 0, 0, 1, 1, 1, 1, 2, 2, 1, 1, 0}));
  EXPECT_EQ(MakeMaglevTable(Many(3, Family::kIpv6), 13),
            (std::vector<uint32_t>{0, 2, 1, 0, 1, 2, 2, 1, 2, 1, 0, 0, 0}));
}

TEST(MaglevTable, PortsTellBackendsOfOneAddressApart) {
  const IpAddress address = Nth(0).address;
  const Backends backends = {{{address, 8080}, 1}, {{address, 8081}, 1}};
  EXPECT_NE(MakeMaglevTable(backends, 1021), MakeMaglevTable({backends[0], {Nth(1), 1}}, 1021));
}

// The paper (figure 12) has 1000 backends in 65537 entries.
TEST(MaglevTable, OneBackendThatGoesOrComesMovesLittleElse) {
  for (const uint64_t count : {3U, 10U, 40U, 160U, 655U}) {
    const uint32_t size = MaglevSizeFor(count);
    const Backends all = Many(count);
    double worst = 0, sum = 0;
    const uint64_t tries = std::min<uint64_t>(count, 10);
    for (uint64_t i = 0; i < tries; ++i) {
      const Backends fewer = Without(all, i * count / tries);
      for (const double moved :
           {NeedlesslyMoved(all, fewer, size), NeedlesslyMoved(fewer, all, size)}) {
        worst = std::max(worst, moved);
        sum += moved / 2;
      }
    }
    RecordProperty("moved_of_" + std::to_string(count), std::to_string(sum / tries));
    EXPECT_LT(worst, 0.03) << count << " average " << sum / tries;
  }
}

TEST(MaglevTable, AWeightThatChangesMovesItsShareAndLittleElse) {
  const Backends before = Many(10);
  Backends after = before;
  after[4].weight = 2;
  const std::vector<uint32_t> old_table = MakeMaglevTable(before, 4093);
  const std::vector<uint32_t> new_table = MakeMaglevTable(after, 4093);
  uint32_t elsewhere = 0;
  for (uint32_t i = 0; i < 4093; ++i) {
    elsewhere += old_table[i] != new_table[i] && new_table[i] != 4 ? 1 : 0;
  }
  EXPECT_LT(elsewhere, 4093 * 0.1);
}

}  // namespace
}  // namespace fairlead::plan
