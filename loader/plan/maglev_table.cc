// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/maglev_table.h"

#include <algorithm>

namespace fairlead::plan {
namespace {

constexpr size_t kEntriesPerBackend = 100;
constexpr uint32_t kFree = UINT32_MAX;

// One seed for the first entry that a backend names, another for the step to the next.
constexpr uint64_t kOffsetSeed = 0x6f66667365740001;
constexpr uint64_t kSkipSeed = 0x736b697000000001;

// Every bit of the input moves every bit of the result (the finaliser of splitmix64).
uint64_t Mixed(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// Never to change, nor to depend on the machine: nodes of all versions must agree.
uint64_t HashOf(const Endpoint& endpoint, uint64_t seed) {
  const IpAddress address = endpoint.address.AsMapped();
  uint64_t hash = seed;
  for (size_t word = 0; word < 2; ++word) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < 8; ++i) bytes = bytes << 8 | address.bytes()[8 * word + i];
    hash = Mixed(hash ^ bytes);
  }
  return Mixed(hash ^ endpoint.port);
}

// A backend's walk over the table, and when it has its next turn.
struct Walk {
  uint32_t next = 0;  // the entry it names next
  uint32_t skip = 1;  // prime to the table's size, so that it comes to every entry
  uint32_t weight = 1;
  uint64_t due = 0;

  void Step(uint32_t size) { next = next + skip < size ? next + skip : next + skip - size; }
};

std::vector<Walk> WalksOf(const std::vector<WeightedEndpoint>& backends, uint32_t size) {
  std::vector<Walk> walks;
  walks.reserve(backends.size());
  for (const WeightedEndpoint& backend : backends) {
    const uint64_t offset = HashOf(backend.endpoint, kOffsetSeed) % size;
    const uint64_t skip = HashOf(backend.endpoint, kSkipSeed) % (size - 1) + 1;
    walks.push_back({.next = static_cast<uint32_t>(offset),
                     .skip = static_cast<uint32_t>(skip),
                     .weight = backend.weight,
                     .due = 0});
  }
  return walks;
}

}  // namespace

const std::vector<uint32_t>& MaglevSizes() {
  static const auto* const kSizes = new std::vector<uint32_t>{1021, 4093, 16381, 65521};
  return *kSizes;
}

uint32_t MaglevSizeFor(size_t backends) {
  for (const uint32_t size : MaglevSizes()) {
    if (size >= backends * kEntriesPerBackend) return size;
  }
  return MaglevSizes().back();
}

std::vector<uint32_t> MakeMaglevTable(const std::vector<WeightedEndpoint>& backends,
                                      uint32_t size) {
  std::vector<uint32_t> table(size, kFree);
  std::vector<Walk> walks = WalksOf(backends, size);
  uint64_t heaviest = 1;
  for (const Walk& walk : walks) heaviest = std::max<uint64_t>(heaviest, walk.weight);
  // The heaviest has a turn in every round, the others in the rounds that their weight makes up.
  for (uint64_t round = 1, filled = 0;; ++round) {
    for (uint32_t i = 0; i < walks.size(); ++i) {
      Walk& walk = walks[i];
      if (round * walk.weight < walk.due) continue;
      walk.due += heaviest;
      while (table[walk.next] != kFree) walk.Step(size);
      table[walk.next] = i;
      if (++filled == size) return table;
    }
  }
}

}  // namespace fairlead::plan
